package io.stagecoach.engine.dl4j;

import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Small graphs for tests, in double. */
public final class Graphs {

  private Graphs() {}

  /**
   * Two residual blocks with batch norm, and a skip from the first convolution to the end; 1 × 6 ×
   * 6 images, 3 classes; 15 vertices.
   */
  public static String residual() {
    return residual(InputType.convolutional(6, 6, 1));
  }

  /** The same for images that come as vectors of 36 numbers. */
  public static String residualOfVectors() {
    return residual(InputType.convolutionalFlat(6, 6, 1));
  }

  private static String residual(InputType image) {
    GraphBuilder graph =
        Networks.base()
            .activation(Activation.IDENTITY)
            .l2(1e-3)
            .graphBuilder()
            .addInputs("image")
            .setInputTypes(image);
    graph.addLayer("stem", convolution(3).build(), "image");
    String before = "stem";
    for (int block = 0; block < 2; block++) {
      String name = "block" + block;
      graph.addLayer(name + "_conv", convolution(3).build(), before);
      graph.addLayer(name + "_norm", new BatchNormalization(), name + "_conv");
      graph.addLayer(name + "_relu", new ActivationLayer(Activation.RELU), name + "_norm");
      graph.addLayer(name + "_thin", convolution(3).dropOut(0.8).build(), name + "_relu");
      graph.addVertex(
          name + "_add", new ElementWiseVertex(ElementWiseVertex.Op.Add), name + "_thin", before);
      before = name + "_add";
    }
    return graph
        .addVertex("skip", new MergeVertex(), before, "stem")
        .addLayer("pool", new GlobalPoolingLayer(PoolingType.AVG), "skip")
        .addLayer(
            "hidden", new DenseLayer.Builder().nOut(4).activation(Activation.TANH).build(), "pool")
        .addLayer("classes", softmax(3), "hidden")
        .setOutputs("classes")
        .build()
        .toJson();
  }

  private static ConvolutionLayer.Builder convolution(int channels) {
    return new ConvolutionLayer.Builder(3, 3).nOut(channels).convolutionMode(ConvolutionMode.Same);
  }

  private static OutputLayer softmax(int classes) {
    return new OutputLayer.Builder(LossFunction.MCXENT)
        .activation(Activation.SOFTMAX)
        .nOut(classes)
        .build();
  }

  /**
   * Two inputs, the second ("late", 3 numbers) merged near the end; the first ("early", 8 numbers)
   * also skips there. L1 and weight decay, weight noise, own updaters; 3 classes; 8 vertices.
   */
  public static String twoInputs() {
    return Networks.base()
        .l1(1e-4)
        .weightDecay(1e-3)
        .graphBuilder()
        .addInputs("early", "late")
        .setInputTypes(InputType.feedForward(8), InputType.feedForward(3))
        .addLayer("a", new DenseLayer.Builder().nOut(7).build(), "early")
        .addLayer(
            "b", new DenseLayer.Builder().nOut(6).weightNoise(new DropConnect(0.8)).build(), "a")
        .addVertex("half", new SubsetVertex(1, 4), "b")
        .addVertex("double", new ScaleVertex(2), "half")
        .addLayer(
            "c",
            new DenseLayer.Builder().nOut(5).updater(new Nesterovs(0.05, 0.9)).dropOut(0.8).build(),
            "double")
        .addVertex("joined", new MergeVertex(), "c", "late", "a", "early")
        .addLayer("d", new DenseLayer.Builder().nOut(5).build(), "joined")
        .addLayer("classes", softmax(3), "d")
        .setOutputs("classes")
        .build()
        .toJson();
  }

  /**
   * Two outputs, one of them early: "side" (2 values) behind the first layer, "classes" (3) at the
   * end. 8 features; 7 vertices.
   */
  public static String twoOutputs() {
    return Networks.base()
        .l2(1e-3)
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.feedForward(8))
        .addLayer("trunk", new DenseLayer.Builder().nOut(6).build(), "in")
        .addLayer("branch", new DenseLayer.Builder().nOut(4).dropOut(0.8).build(), "trunk")
        .addLayer(
            "side",
            new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nOut(2)
                .build(),
            "branch")
        .addLayer("middle", new DenseLayer.Builder().nOut(6).build(), "trunk")
        .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "middle", "trunk")
        .addLayer("top", new DenseLayer.Builder().nOut(5).build(), "sum")
        .addLayer("classes", softmax(3), "top")
        .setOutputs("classes", "side")
        .build()
        .toJson();
  }

  /**
   * Two inputs ("early", 4 numbers, and "late", 2) and two outputs ("side", 1 value, early, and
   * "classes", 3); 7 vertices.
   */
  public static String several() {
    return Networks.base()
        .graphBuilder()
        .addInputs("early", "late")
        .setInputTypes(InputType.feedForward(4), InputType.feedForward(2))
        .addLayer("trunk", new DenseLayer.Builder().nOut(8).dropOut(0.9).build(), "early")
        .addLayer("branch", new DenseLayer.Builder().nOut(4).build(), "trunk")
        .addLayer(
            "side",
            new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nOut(1)
                .build(),
            "branch")
        .addLayer("middle", new DenseLayer.Builder().nOut(8).build(), "trunk")
        .addVertex("joined", new MergeVertex(), "middle", "trunk", "late")
        .addLayer("top", new DenseLayer.Builder().nOut(6).build(), "joined")
        .addLayer("classes", softmax(3), "top")
        .setOutputs("classes", "side")
        .build()
        .toJson();
  }

  /**
   * Two layers that read one tensor, the second with dropout; 5 features, 3 classes; 5 vertices.
   */
  public static String sharedInput() {
    return Networks.base()
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.feedForward(5))
        .addLayer("trunk", new DenseLayer.Builder().nOut(6).build(), "in")
        .addLayer("left", new DenseLayer.Builder().nOut(4).build(), "trunk")
        .addLayer("right", new DenseLayer.Builder().nOut(4).dropOut(0.6).build(), "trunk")
        .addVertex("both", new MergeVertex(), "left", "right")
        .addLayer("classes", softmax(3), "both")
        .setOutputs("classes")
        .build()
        .toJson();
  }

  /** An LSTM with a skip around another, over time; 4 features, 3 classes; 6 vertices. */
  public static String lstm() {
    return lstmBuilder().build().toJson();
  }

  /** The same, trained by time segments with carried state. */
  public static String truncatedLstm() {
    return lstmBuilder().backpropType(BackpropType.TruncatedBPTT).tBPTTLength(2).build().toJson();
  }

  private static GraphBuilder lstmBuilder() {
    return Networks.base()
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.recurrent(4))
        .addLayer("first", new LSTM.Builder().nOut(5).build(), "in")
        .addLayer("dense", new DenseLayer.Builder().nOut(5).build(), "first")
        .addLayer("second", new LSTM.Builder().nOut(5).dropOut(0.8).build(), "dense")
        .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "second", "first")
        .addVertex("both", new MergeVertex(), "sum", "first")
        .addLayer(
            "classes",
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build(),
            "both")
        .setOutputs("classes");
  }

  /** A sequence's last step, repeated beside the reversed sequence; 4 features, 3 classes. */
  public static String sequenceVertices() {
    return Networks.base()
        .graphBuilder()
        .addInputs("in")
        .setInputTypes(InputType.recurrent(4))
        .addLayer("first", new LSTM.Builder().nOut(5).build(), "in")
        .addVertex("last", new LastTimeStepVertex("in"), "first")
        .addVertex("repeated", new DuplicateToTimeSeriesVertex("in"), "last")
        .addVertex("reversed", new ReverseTimeSeriesVertex("in"), "first")
        .addVertex("both", new MergeVertex(), "repeated", "reversed")
        .addLayer("second", new LSTM.Builder().nOut(4).build(), "both")
        .addLayer(
            "classes",
            new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(3)
                .build(),
            "second")
        .setOutputs("classes")
        .build()
        .toJson();
  }

  /** {@link #twoOutputs} with the layer frozen that the skip goes around. */
  public static String frozen() {
    ComputationGraphConfiguration configuration =
        ComputationGraphConfiguration.fromJson(twoOutputs());
    freeze(configuration, "middle");
    return configuration.toJson();
  }

  private static void freeze(ComputationGraphConfiguration configuration, String vertex) {
    LayerVertex layer = (LayerVertex) configuration.getVertices().get(vertex);
    FrozenLayer frozen = new FrozenLayer(layer.getLayerConf().getLayer());
    frozen.setLayerName(vertex);
    layer.getLayerConf().setLayer(frozen);
  }
}
