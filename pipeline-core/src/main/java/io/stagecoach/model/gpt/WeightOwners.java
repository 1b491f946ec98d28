package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.lang.ref.WeakReference;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.deeplearning4j.optimize.api.TrainingListener;

/**
 * How a tied layer finds the layer whose weights it uses. DL4J's layers have no link to their
 * network. But a network makes its layers one after the other in one thread, and a {@code
 * MultiLayerNetwork} hands all of them the one list of its listeners: so the owner is the last
 * layer of that name that was made in this thread, and it must have the same list.
 */
final class WeightOwners {

  private static final ThreadLocal<Map<String, WeakReference<TokenEmbeddingRuntime>>> LAST =
      ThreadLocal.withInitial(HashMap::new);

  private WeightOwners() {}

  /** Says that a layer was made. */
  static void announce(TokenEmbeddingRuntime owner) {
    LAST.get().put(owner.conf().getLayer().getLayerName(), new WeakReference<>(owner));
  }

  /**
   * The owner in the network that is being made.
   *
   * @param listeners what the network gave the tied layer; null from a {@code ComputationGraph}
   * @throws StagecoachException of kind {@code MODEL} where there is none
   */
  static TokenEmbeddingRuntime find(
      String name, long vocabulary, long width, Collection<TrainingListener> listeners) {
    WeakReference<TokenEmbeddingRuntime> reference = LAST.get().get(name);
    TokenEmbeddingRuntime owner = reference == null ? null : reference.get();
    if (owner == null || (listeners != null && owner.getListeners() != listeners)) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The output is tied to a TokenEmbedding '" + name + "', which is not before it",
          "Put the embedding first under that name; a part of the network without it takes"
              + " withOwnCopies().");
    }
    TokenEmbedding configured = owner.layerConf();
    if (configured.getNIn() != vocabulary || configured.getNOut() != width) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The output has "
              + vocabulary
              + " tokens of width "
              + width
              + ", the embedding '"
              + name
              + "' that it is tied to has "
              + configured.getNIn()
              + " of width "
              + configured.getNOut(),
          "Give both the same vocabulary and width.");
    }
    return owner;
  }
}
