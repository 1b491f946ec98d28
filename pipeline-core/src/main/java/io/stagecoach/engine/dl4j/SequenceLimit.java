package io.stagecoach.engine.dl4j;

import io.stagecoach.model.gpt.TokenEmbedding;
import java.util.Optional;

/** How long the sequences may be that a model goes on with. */
public final class SequenceLimit {

  private SequenceLimit() {}

  /** The most positions; {@link Integer#MAX_VALUE} where a model has no limit. */
  public static int of(Dl4jModel model) {
    return model.nodes().stream()
        .map(ModelNode::layer)
        .flatMap(Optional::stream)
        .filter(TokenEmbedding.class::isInstance)
        .mapToInt(layer -> ((TokenEmbedding) layer).getMaxLength())
        .min()
        .orElse(Integer.MAX_VALUE);
  }
}
