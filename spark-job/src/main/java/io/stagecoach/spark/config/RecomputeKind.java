package io.stagecoach.spark.config;

import io.stagecoach.engine.Recompute;
import java.util.Optional;

/** What a stage keeps for its backward passes, as users say it. */
public enum RecomputeKind {
  /** All activations. */
  NONE("none", Optional.of(Recompute.NONE)),
  /** Its inputs only. */
  STAGE("stage", Optional.of(Recompute.STAGE)),
  /** All activations where they fit into the memory limit, else inputs only. */
  AUTO("auto", Optional.empty());

  private final String word;
  private final Optional<Recompute> fixed;

  RecomputeKind(String word, Optional<Recompute> fixed) {
    this.word = word;
    this.fixed = fixed;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }

  /** What it is; none where it depends on the memory limit. */
  public Optional<Recompute> fixed() {
    return fixed;
  }
}
