package io.stagecoach.engine.dl4j;

import io.stagecoach.model.gpt.LayerNorm;
import io.stagecoach.model.gpt.TiedOutput;
import io.stagecoach.model.gpt.TokenEmbedding;
import io.stagecoach.model.gpt.TokenOutput;
import io.stagecoach.model.gpt.TransformerBlock;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.dropout.GaussianDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small networks for tests, in double. */
public final class Networks {

  private Networks() {}

  /** What they have in common. */
  public static NeuralNetConfiguration.Builder base() {
    return new NeuralNetConfiguration.Builder()
        .seed(12)
        .dataType(DataType.DOUBLE)
        .weightInit(WeightInit.XAVIER)
        .activation(Activation.TANH)
        .updater(new Adam(0.01));
  }

  /** Five layers with dropout, noise, regularisation, own updaters; 8 features, 3 classes. */
  public static String mlp() {
    return base()
        .l2(1e-3)
        .l1(1e-4)
        .list()
        .layer(new DenseLayer.Builder().nIn(8).nOut(9).build())
        .layer(new DenseLayer.Builder().nIn(9).nOut(7).dropOut(0.7).build())
        .layer(
            new DenseLayer.Builder()
                .nIn(7)
                .nOut(7)
                .weightNoise(new DropConnect(0.8))
                .updater(new Nesterovs(0.05, 0.9))
                .biasUpdater(new Sgd(0.1))
                .build())
        .layer(
            new DenseLayer.Builder()
                .nIn(7)
                .nOut(6)
                .dropOut(new GaussianDropout(0.3))
                .gradientNormalization(GradientNormalization.ClipL2PerLayer)
                .gradientNormalizationThreshold(0.5)
                .constrainWeights(new MaxNormConstraint(1.2, 1))
                .build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(6)
                .nOut(3)
                .dropOut(0.9)
                .build())
        .build()
        .toJson();
  }

  /** Convolution, batch norm, pooling, dropout; 1 × 8 × 8 images, 3 classes; 6 layers. */
  public static String cnn() {
    return base()
        .activation(Activation.RELU)
        .list()
        .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).build())
        .layer(new BatchNormalization())
        .layer(
            new SubsamplingLayer.Builder(
                    SubsamplingLayer.PoolingType.MAX, new int[] {2, 2}, new int[] {2, 2})
                .dropOut(0.8)
                .build())
        .layer(new ConvolutionLayer.Builder(2, 2).nOut(3).dropOut(0.8).build())
        .layer(new DenseLayer.Builder().nOut(6).build())
        .layer(
            new OutputLayer.Builder(LossFunction.NEGATIVELOGLIKELIHOOD)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.convolutional(8, 8, 1))
        .build()
        .toJson();
  }

  /** Dense, LSTM, dense, LSTM over time with dropout; 4 features, 3 classes; 5 layers. */
  public static String lstm() {
    return lstmList().build().toJson();
  }

  /** The same, trained by time segments with carried state. */
  public static String truncatedLstm() {
    return lstmList().backpropType(BackpropType.TruncatedBPTT).tBPTTLength(2).build().toJson();
  }

  private static NeuralNetConfiguration.ListBuilder lstmList() {
    return base()
        .list()
        .layer(new DenseLayer.Builder().nOut(5).build())
        .layer(new LSTM.Builder().nOut(6).dropOut(0.8).build())
        .layer(new DenseLayer.Builder().nOut(5).build())
        .layer(new LSTM.Builder().nOut(4).build())
        .layer(
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build())
        .setInputType(InputType.recurrent(4));
  }

  /** The MLP with its second layer frozen. */
  public static String frozen() {
    MultiLayerConfiguration configuration = MultiLayerConfiguration.fromJson(mlp());
    configuration.getConf(1).setLayer(new FrozenLayer(configuration.getConf(1).getLayer()));
    return configuration.toJson();
  }

  /** A GPT with two blocks, dropout everywhere, AdamW; 7 tokens, sequences of at most 5. */
  public static String gpt() {
    return base()
        .weightDecay(0.1)
        .list()
        .layer(new TokenEmbedding.Builder(7, 5, 8).deviation(0.5).dropout(0.2).build())
        .layer(new TransformerBlock.Builder(8, 2).deviation(0.3).dropout(0.2).build())
        .layer(new TransformerBlock.Builder(8, 2).deviation(0.3).dropout(0.2).build())
        .layer(new LayerNorm.Builder(8).build())
        .layer(new TokenOutput(8, 7))
        .build()
        .toJson();
  }

  /** The same, its output tied to its embedding; each layer with weight decay of its own. */
  public static String tiedGpt() {
    NeuralNetConfiguration.ListBuilder list =
        base()
            .list()
            .layer(
                new TokenEmbedding.Builder(7, 5, 8)
                    .deviation(0.5)
                    .dropout(0.2)
                    .weightDecay(0.1)
                    .build());
    for (int i = 0; i < 2; i++) {
      list.layer(
          new TransformerBlock.Builder(8, 2)
              .name("block" + i)
              .deviation(0.3)
              .dropout(0.2)
              .weightDecay(0.1)
              .build());
    }
    return list.layer(new LayerNorm.Builder(8).name("norm").build())
        .layer(new TiedOutput(8, 7, TokenEmbedding.NAME))
        .build()
        .toJson();
  }
}
