package io.stagecoach.model;

/** What a layer keeps of the positions that it has seen, for {@link IncrementalLayer}. */
public interface LayerCache extends AutoCloseable {

  /** How many positions it holds. */
  int length();

  /** Lets go of its memory. */
  @Override
  void close();
}
