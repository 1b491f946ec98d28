package io.stagecoach.model.gpt;

import io.stagecoach.model.LayerWork;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Layer norm (Ba, Kiros, Hinton 2016) of each position: to mean 0 and variance 1, then the gain
 * {@code g} [width] and the bias {@code c} [width].
 */
public final class LayerNorm extends GptLayer {

  /** What is added to the variance. */
  public static final double EPSILON = 1e-5;

  private static final long serialVersionUID = 1L;

  private LayerNorm(Builder builder) {
    super(builder);
  }

  /** For reading JSON. */
  LayerNorm() {}

  @Override
  public List<Parameter> parameters() {
    return List.of(Parameter.gain("g", getNOut()), Parameter.bias("c", getNOut()));
  }

  @Override
  GptRuntime<?> runtime(NeuralNetConfiguration configuration, DataType type) {
    return new LayerNormRuntime(configuration, type);
  }

  @Override
  public List<IDropout> dropouts() {
    return List.of();
  }

  @Override
  public void setDropouts(List<IDropout> dropouts) {}

  @Override
  public LayerWork work(InputType input) {
    long elements = steps(input) * getNOut();
    return new LayerWork(
        Operations.NORM * elements, Operations.NORM_BACKWARD * elements, 0, elements, elements);
  }

  /** Builds a norm. */
  @SuppressWarnings("unchecked") // DL4J's builders are generic in what they build.
  public static final class Builder extends FeedForwardLayer.Builder<Builder> {

    /** Of a given width. */
    public Builder(long width) {
      nIn(width);
      nOut(width);
    }

    @Override
    public LayerNorm build() {
      return new LayerNorm(this);
    }
  }
}
