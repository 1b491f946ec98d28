package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.LayerWork;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The sum of an embedding of the token and one of its position, then dropout. Input are indices,
 * [examples, time] or [examples, 1, time], of an integer type or as floats; output is [examples,
 * time, width]. Parameters: {@code W} [vocabulary, width], {@code P} [maximum length, width].
 *
 * <p>A {@link TiedOutput} uses {@code W}, too. An index outside the vocabulary, or a longer
 * sequence, is an error of kind {@code DATA}.
 */
public final class TokenEmbedding extends GptLayer {

  /** The name that the presets give it. */
  public static final String NAME = "tokens";

  private static final long serialVersionUID = 1L;

  @JsonProperty private int maxLength;
  @JsonProperty private double deviation;
  @JsonProperty private IDropout embeddedDropout;

  private TokenEmbedding(Builder builder) {
    super(builder);
    this.maxLength = builder.maxLength;
    this.deviation = builder.deviation;
    this.embeddedDropout = dropout(builder.dropout);
  }

  /** For reading JSON. */
  TokenEmbedding() {}

  /** The longest sequence that it takes. */
  public int getMaxLength() {
    return maxLength;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(
        Parameter.weight("W", deviation, getNIn(), getNOut()),
        Parameter.weight("P", deviation, maxLength, getNOut()));
  }

  @Override
  public org.deeplearning4j.nn.api.Layer instantiate(
      NeuralNetConfiguration configuration,
      Collection<TrainingListener> listeners,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    TokenEmbeddingRuntime layer =
        (TokenEmbeddingRuntime)
            super.instantiate(configuration, listeners, index, parameters, initialize, type);
    WeightOwners.announce(layer);
    return layer;
  }

  @Override
  GptRuntime<?> runtime(NeuralNetConfiguration configuration, DataType type) {
    return new TokenEmbeddingRuntime(configuration, type);
  }

  @Override
  public void setNIn(InputType input, boolean override) {
    // The input's width says nothing of the vocabulary.
  }

  /**
   * Known before anything runs.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} where the sequences are too long
   */
  @Override
  public InputType getOutputType(int index, InputType input) {
    if (steps(input) > maxLength) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "sequences of "
              + steps(input)
              + " tokens are longer than the model's context of "
              + maxLength,
          "Use shorter sequences, or a model with a longer context.");
    }
    return super.getOutputType(index, input);
  }

  @Override
  public boolean readsIndices() {
    return true;
  }

  @Override
  public List<IDropout> dropouts() {
    return Collections.singletonList(embeddedDropout);
  }

  @Override
  public void setDropouts(List<IDropout> dropouts) {
    embeddedDropout = dropouts.get(0);
  }

  @Override
  public LayerWork work(InputType input) {
    long elements = steps(input) * getNOut();
    long masks = embeddedDropout == null ? 0 : elements;
    long parameters = (getNIn() + maxLength) * getNOut();
    // Each position's gradient is added to its token's and its place's; all start from zero.
    return new LayerWork(elements + 2 * masks, 2 * elements + masks, parameters, masks, elements);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TokenEmbedding embedding
        && super.equals(other)
        && maxLength == embedding.maxLength
        && deviation == embedding.deviation
        && Objects.equals(embeddedDropout, embedding.embeddedDropout);
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), maxLength, deviation);
  }

  /** Builds an embedding. */
  @SuppressWarnings("unchecked") // DL4J's builders are generic in what they build.
  public static final class Builder extends FeedForwardLayer.Builder<Builder> {

    private final int maxLength;
    private double deviation = 0.02;
    private double dropout;

    /**
     * For a vocabulary.
     *
     * @param vocabulary how many tokens there are
     * @param maxLength the longest sequence
     * @param width numbers for each position
     */
    public Builder(long vocabulary, int maxLength, long width) {
      name(NAME);
      nIn(vocabulary);
      nOut(width);
      this.maxLength = maxLength;
    }

    /** Standard deviation of the initial weights; 0.02 if not set, as in GPT-2. */
    public Builder deviation(double value) {
      this.deviation = value;
      return this;
    }

    /** The probability of dropping a number of the sum. */
    public Builder dropout(double probability) {
      this.dropout = probability;
      return this;
    }

    @Override
    public TokenEmbedding build() {
      return new TokenEmbedding(this);
    }
  }
}
