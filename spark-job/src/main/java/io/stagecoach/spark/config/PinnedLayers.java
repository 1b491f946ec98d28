package io.stagecoach.spark.config;

/**
 * Layers that are wanted in a certain stage, as they were written.
 *
 * @param layers an index, a name, or two of these with a hyphen between
 * @param stage the stage, in each replica
 */
public record PinnedLayers(String layers, int stage) {

  /** As a user writes it. */
  public String words() {
    return layers + ":" + stage;
  }
}
