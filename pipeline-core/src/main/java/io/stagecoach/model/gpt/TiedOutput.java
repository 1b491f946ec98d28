package io.stagecoach.model.gpt;

import io.stagecoach.model.SharedParameter;
import io.stagecoach.model.SharesParameters;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * A {@link TokenOutput} whose weights are those of a {@link TokenEmbedding} in the same network. It
 * has no parameters: it reads the embedding's, which adds its gradient to its own. With {@link
 * #withOwnCopies} it stands alone.
 */
public final class TiedOutput extends TokenOutput implements SharesParameters {

  private static final long serialVersionUID = 1L;

  @JsonProperty private String owner = TokenEmbedding.NAME;
  @JsonProperty private boolean ownCopies;

  /**
   * An output.
   *
   * @param width numbers at each position of its input
   * @param vocabulary how many tokens there are
   * @param owner the name of the embedding
   */
  public TiedOutput(long width, long vocabulary, String owner) {
    super(width, vocabulary);
    this.owner = owner;
  }

  /** For reading JSON. */
  TiedOutput() {}

  @Override
  public List<Parameter> parameters() {
    return ownCopies ? super.parameters() : List.of();
  }

  @Override
  OutputWeights weights(Collection<TrainingListener> listeners, int index) {
    return ownCopies
        ? OutputWeights.OWN
        : new OutputWeights.Tied(WeightOwners.find(owner, getNOut(), getNIn(), listeners), index);
  }

  @Override
  public Map<String, SharedParameter> sharedParameters() {
    return Map.of("W", new SharedParameter(owner, "W"));
  }

  @Override
  public TiedOutput withOwnCopies() {
    TiedOutput copy = (TiedOutput) clone();
    copy.ownCopies = true;
    return copy;
  }

  /** It has no parameter of its own. */
  @Override
  public Layer withoutShared() {
    return new ActivationLayer.Builder(new ActivationIdentity()).name(getLayerName()).build();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TiedOutput output
        && super.equals(other)
        && owner.equals(output.owner)
        && ownCopies == output.ownCopies;
  }

  @Override
  public int hashCode() {
    return Objects.hash(super.hashCode(), owner, ownCopies);
  }
}
