package io.stagecoach.engine.dl4j;

import io.stagecoach.model.DescribesItself;
import io.stagecoach.model.LayerWork;
import java.util.Arrays;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BaseUpsamplingLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LocallyConnected1D;
import org.deeplearning4j.nn.conf.layers.LocallyConnected2D;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Subsampling3DLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;

/**
 * Floating-point operations of a layer, for one row.
 *
 * <p>Counting. A multiplication and an addition are two operations. A product of a matrix of w
 * weights with a vector is 2w forward; its backward pass is two such products, for the gradients of
 * weights and of input (Goodfellow, Bengio, Courville, "Deep Learning", 6.5.6). What is done to
 * each element (bias, activation, gates) counts one an operation, transcendental functions too. A
 * softmax with its loss is 6 an element: maximum, difference, exponential, sum, quotient,
 * logarithm.
 *
 * <p>DL4J 1.0.0-M2.1 keeps no intermediate results of layers with weights: each {@code
 * backpropGradient} (BaseLayer, ConvolutionLayer, BaseOutputLayer, LSTM, SimpleRnn, in their
 * sources) first runs the layer's forward pass again. Their backward pass is therefore gradient and
 * forward, about three times the forward pass. For the layers after which it need not, it does not.
 *
 * @param forward of a forward pass
 * @param backward of a backward pass
 * @param backwardOnce of a backward pass, once for the micro-batch however many rows it has
 */
record LayerCostsFormulas(long forward, long backward, long backwardOnce) {

  private static final long SOFTMAX = 6;

  /** The operations of a layer, with the dropout of its input. */
  static LayerCostsFormulas of(Layer layer, LayerCostsShapes shape, long parameters) {
    LayerCostsFormulas own = own(layer, shape, parameters);
    // A mask is drawn and applied; the same mask is applied to the gradient.
    return dropsOut(layer)
        ? new LayerCostsFormulas(
            own.forward + 2 * shape.inputElements(),
            own.backward + shape.inputElements(),
            own.backwardOnce)
        : own;
  }

  /** Whether a layer thins its input out. */
  static boolean dropsOut(Layer layer) {
    return layer.getIDropout() != null;
  }

  private static LayerCostsFormulas own(Layer layer, LayerCostsShapes shape, long parameters) {
    if (layer instanceof DescribesItself itself) {
      LayerWork work = itself.work(shape.input());
      return new LayerCostsFormulas(
          work.forwardOperations(), work.backwardOperations(), work.backwardOperationsOnce());
    }
    if (layer instanceof FrozenLayer frozen) {
      return new LayerCostsFormulas(of(frozen.getLayer(), shape, parameters).forward, 0, 0);
    }
    if (layer instanceof BaseWrapperLayer wrapper) {
      return of(wrapper.getUnderlying(), shape, parameters);
    }
    if (layer instanceof Bidirectional both) {
      return bidirectional(both, shape, parameters);
    }
    LayerCostsFormulas recurrent = recurrent(layer, shape);
    if (recurrent != null) {
      return recurrent;
    }
    LayerCostsFormulas products = products(layer, shape, parameters);
    if (products != null) {
      return products;
    }
    return elementWise(layer, shape, parameters);
  }

  private static LayerCostsFormulas bidirectional(
      Bidirectional both, LayerCostsShapes shape, long parameters) {
    Layer one = both.getFwd();
    InputType oneOutput = one.getOutputType(-1, shape.input());
    LayerCostsFormulas half = of(one, shape.giving(oneOutput), parameters / 2);
    // The two outputs are put together, element by element; the gradients are taken apart.
    return new LayerCostsFormulas(
        2 * half.forward + shape.outputElements(),
        2 * half.backward + shape.outputElements() + shape.inputElements(),
        2 * half.backwardOnce);
  }

  /** Layers that walk along time; null for others. */
  @SuppressWarnings("deprecation") // networks that were saved long ago have Graves' layers
  private static LayerCostsFormulas recurrent(Layer layer, LayerCostsShapes shape) {
    long steps = shape.inputPositions();
    if (layer instanceof LSTM lstm) {
      return lstm(lstm.getNIn(), lstm.getNOut(), 0, steps);
    }
    if (layer instanceof GravesLSTM lstm) {
      return lstm(lstm.getNIn(), lstm.getNOut(), 6, steps);
    }
    if (layer instanceof GravesBidirectionalLSTM lstm) {
      LayerCostsFormulas one = lstm(lstm.getNIn(), lstm.getNOut(), 6, steps);
      return new LayerCostsFormulas(
          2 * one.forward + shape.outputElements(), 2 * one.backward + shape.inputElements(), 0);
    }
    if (layer instanceof SimpleRnn rnn) {
      return weighted(
          steps * rnn.getNOut() * (rnn.getNIn() + rnn.getNOut()), steps * rnn.getNOut());
    }
    return null;
  }

  /**
   * Hochreiter and Schmidhuber's cell with forget gate (Gers), as in Graves, "Supervised Sequence
   * Labelling", 4: four gates of products over input and last output. To each unit are done: bias
   * and activation of four gates (8), the cell c = f·c + i·g (3), the output o·tanh(c) (2), and
   * with peepholes three products and sums (6).
   */
  private static LayerCostsFormulas lstm(long in, long units, long peepholes, long steps) {
    long product = 2 * 4 * units * (in + units);
    long cell = (13 + peepholes) * units;
    long forward = steps * (product + cell);
    return new LayerCostsFormulas(forward, forward + steps * (2 * product + 2 * cell), 0);
  }

  /** Layers whose work is a product with their weights, and table look-ups; null for others. */
  private static LayerCostsFormulas products(Layer layer, LayerCostsShapes shape, long parameters) {
    long out = shape.outputElements();
    if (layer instanceof EmbeddingLayer || layer instanceof EmbeddingSequenceLayer) {
      // Rows are copied; backward first sets the whole gradient to zero, then adds rows.
      return new LayerCostsFormulas(out, 2 * out, parameters);
    }
    if (layer instanceof BaseOutputLayer output) {
      long product = 2 * output.getNIn() * output.getNOut() * shape.outputPositions();
      long forward = product + (1 + SOFTMAX) * out;
      return new LayerCostsFormulas(forward, forward + 2 * product + 2 * out, 0);
    }
    if (layer instanceof DenseLayer dense) {
      return weighted(dense.getNIn() * dense.getNOut() * shape.outputPositions(), out);
    }
    if (layer instanceof ConvolutionLayer convolution) {
      long kernel = parameters - (convolution.hasBias() ? convolution.getNOut() : 0);
      // A convolution uses its kernel once for each output pixel, a deconvolution for each input
      // pixel (Dumoulin and Visin, "A guide to convolution arithmetic for deep learning").
      boolean transposed = layer instanceof Deconvolution2D || layer instanceof Deconvolution3D;
      return weighted(
          kernel * (transposed ? shape.inputPositions() : shape.outputPositions()), out);
    }
    if (layer instanceof LocallyConnected1D || layer instanceof LocallyConnected2D) {
      return weighted(parameters, out);
    }
    return null;
  }

  /** So many uses of a weight, then bias and activation of so many outputs. */
  private static LayerCostsFormulas weighted(long uses, long outputs) {
    long forward = 2 * uses + 2 * outputs;
    return new LayerCostsFormulas(forward, forward + 4 * uses + 3 * outputs, 0);
  }

  private static LayerCostsFormulas elementWise(
      Layer layer, LayerCostsShapes shape, long parameters) {
    long in = shape.inputElements();
    long out = shape.outputElements();
    if (layer instanceof BatchNormalization) {
      // Ioffe and Szegedy, "Batch Normalization", algorithm 1 forward: mean 1, difference 1,
      // square and sum 2, quotient 1, scale and shift 2; its gradients: gamma 2, beta 1,
      // normalised input 1, variance 2, mean 2, input 4.
      return new LayerCostsFormulas(7 * in, 12 * in, 0);
    }
    if (layer instanceof LocalResponseNormalization normalization) {
      long window = (long) normalization.getN();
      return new LayerCostsFormulas((window + 5) * in, (2 * window + 8) * in, 0);
    }
    if (layer instanceof SubsamplingLayer pooling) {
      return pooling(pooling.getKernelSize(), out);
    }
    if (layer instanceof Subsampling3DLayer pooling) {
      return pooling(pooling.getKernelSize(), out);
    }
    if (layer instanceof GlobalPoolingLayer) {
      return new LayerCostsFormulas(in, in, 0);
    }
    if (layer instanceof LossLayer
        || layer instanceof RnnLossLayer
        || layer instanceof CnnLossLayer
        || layer instanceof Cnn3DLossLayer) {
      return new LayerCostsFormulas(SOFTMAX * out, (SOFTMAX + 2) * out, 0);
    }
    if (layer instanceof ActivationLayer) {
      return new LayerCostsFormulas(out, 2 * out, 0);
    }
    if (layer instanceof DropoutLayer) {
      return new LayerCostsFormulas(0, 0, 0);
    }
    if (layer instanceof PReLULayer) {
      return new LayerCostsFormulas(2 * out, 4 * out, 0);
    }
    if (layer instanceof ElementWiseMultiplicationLayer) {
      return new LayerCostsFormulas(3 * out, 3 * out + 6 * out, 0);
    }
    if (layer instanceof BaseUpsamplingLayer || parameters == 0) {
      // Padding, cropping, repeating, rearranging: each element is moved once each way.
      return new LayerCostsFormulas(Math.max(in, out), Math.max(in, out), 0);
    }
    // Nothing is known of the layer: as if every parameter were used once at each position.
    return weighted(parameters * shape.outputPositions(), out);
  }

  private static LayerCostsFormulas pooling(int[] window, long out) {
    long size = Arrays.stream(window).asLongStream().reduce(1, (a, b) -> a * b);
    return new LayerCostsFormulas(size * out, size * out, 0);
  }
}
