package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.LayerWork;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A pre-norm transformer block as in GPT-2 (Radford and others 2019): a = x + attention(norm(x)), y
 * = a + feedForward(norm(a)); causal attention with several heads, GELU in its tanh form.
 *
 * <p>Input and output have shape [examples, time, width]. Masks have no effect: a position sees
 * only those before it, so that padding at the end of a sequence changes nothing but the padding's
 * own output. Parameters, in the order of the flat vector, are those of {@link BlockWeights}.
 */
public final class TransformerBlock extends GptLayer {

  private static final long serialVersionUID = 1L;

  @JsonProperty private int heads;
  @JsonProperty private int factor;
  @JsonProperty private double deviation;
  @JsonProperty private double residualDeviation;
  @JsonProperty private IDropout attentionDropout;
  @JsonProperty private IDropout attendedDropout;
  @JsonProperty private IDropout fedDropout;

  private TransformerBlock(Builder builder) {
    super(builder);
    this.heads = builder.heads;
    this.factor = builder.factor;
    this.deviation = builder.deviation;
    this.residualDeviation = builder.deviation * builder.residualScale;
    this.attentionDropout = dropout(builder.dropout);
    this.attendedDropout = dropout(builder.dropout);
    this.fedDropout = dropout(builder.dropout);
    if (heads < 1 || getNOut() % heads != 0) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "a width of " + getNOut() + " cannot be shared out among " + heads + " heads",
          "Choose a width that is a multiple of the heads.");
    }
  }

  /** For reading JSON. */
  TransformerBlock() {}

  /** Attention heads. */
  public int getHeads() {
    return heads;
  }

  /** How many times the width the feed-forward layer is inside. */
  public int getFactor() {
    return factor;
  }

  @Override
  public List<Parameter> parameters() {
    long d = getNOut();
    long hidden = d * factor;
    return List.of(
        Parameter.gain("g1", d),
        Parameter.bias("c1", d),
        Parameter.weight("Wqkv", deviation, d, 3 * d),
        Parameter.bias("bqkv", 3 * d),
        Parameter.weight("Wo", residualDeviation, d, d),
        Parameter.bias("bo", d),
        Parameter.gain("g2", d),
        Parameter.bias("c2", d),
        Parameter.weight("Wfc", deviation, d, hidden),
        Parameter.bias("bfc", hidden),
        Parameter.weight("Wproj", residualDeviation, hidden, d),
        Parameter.bias("bproj", d));
  }

  @Override
  GptRuntime<?> runtime(NeuralNetConfiguration configuration, DataType type) {
    return new TransformerBlockRuntime(configuration, type);
  }

  @Override
  public List<IDropout> dropouts() {
    return Arrays.asList(attentionDropout, attendedDropout, fedDropout);
  }

  @Override
  public void setDropouts(List<IDropout> dropouts) {
    attentionDropout = dropouts.get(0);
    attendedDropout = dropouts.get(1);
    fedDropout = dropouts.get(2);
  }

  @Override
  public LayerWork work(InputType input) {
    long time = steps(input);
    long d = getNOut();
    long hidden = d * factor;
    long weights = 4 * d * d + 2 * d * hidden;
    long scores = heads * time * time;
    // Scores and gathering: two products over the whole square, of which the causal half counts
    // only for implementations that skip the rest.
    long products = time * 2 * weights + 2 * 2 * time * time * d;
    long elements = time * d;
    long forward =
        products
            + 2 * Operations.NORM * elements
            + Operations.SOFTMAX * scores
            + Operations.GELU * time * hidden
            + time * (3 * d + d + hidden + d)
            + 2 * elements;
    long backward =
        2 * products
            + 2 * Operations.NORM_BACKWARD * elements
            + Operations.SOFTMAX_BACKWARD * scores
            + (Operations.GELU + Operations.GELU_BACKWARD) * time * hidden
            + time * (3 * d + d + hidden + d)
            + 2 * elements;
    long masks = 0;
    for (IDropout dropout : dropouts()) {
      if (dropout != null) {
        masks += dropout == attentionDropout ? 2 * scores : elements;
      }
    }
    // Both normalised inputs and the norms' outputs, queries, keys and values, what attention
    // gathered; probabilities; the feed-forward layer's inside.
    long kept = 8 * elements + scores + time * hidden + masks;
    long working = 8 * elements + 2 * scores + 3 * time * hidden;
    return new LayerWork(forward + masks, backward + masks, 0, kept, working);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TransformerBlock block
        && super.equals(other)
        && heads == block.heads
        && factor == block.factor
        && deviation == block.deviation
        && residualDeviation == block.residualDeviation
        && dropouts().equals(block.dropouts());
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), heads, factor, deviation, residualDeviation);
  }

  /** Builds a block. */
  @SuppressWarnings("unchecked") // DL4J's builders are generic in what they build.
  public static final class Builder extends FeedForwardLayer.Builder<Builder> {

    private final int heads;
    private int factor = 4;
    private double deviation = 0.02;
    private double residualScale = 1;
    private double dropout;

    /**
     * Of a given width.
     *
     * @param width numbers at each position, a multiple of the heads
     * @param heads attention heads
     */
    public Builder(long width, int heads) {
      nIn(width);
      nOut(width);
      this.heads = heads;
    }

    /** How many times the width the feed-forward layer is inside; 4 if not set. */
    public Builder factor(int times) {
      this.factor = times;
      return this;
    }

    /** Standard deviation of the initial weights; 0.02 if not set, as in GPT-2. */
    public Builder deviation(double value) {
      this.deviation = value;
      return this;
    }

    /**
     * What the initial deviation of {@code Wo} and {@code Wproj}, which write to the residual
     * stream, is multiplied by; 1 if not set. GPT-2 has 1 / √(2 · blocks), which keeps the stream's
     * variance from growing with depth.
     */
    public Builder residualScale(double value) {
      this.residualScale = value;
      return this;
    }

    /** The probability of dropping attention probabilities and what is added to the stream. */
    public Builder dropout(double probability) {
      this.dropout = probability;
      return this;
    }

    @Override
    public TransformerBlock build() {
      return new TransformerBlock(this);
    }
  }
}
