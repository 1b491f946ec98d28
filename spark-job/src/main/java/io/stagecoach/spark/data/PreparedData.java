package io.stagecoach.spark.data;

import io.stagecoach.batch.StoreManifest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Examples that are laid out in a batch store.
 *
 * @param storage where the store is; it can be read from there in any process
 * @param manifest what the store holds
 * @param featureShape the shape of one example's features; for text, the length of its windows
 * @param learned what was learned from the data, to be saved with the model
 * @param counts how many examples there are
 * @param text how large the text is, where it is one
 * @param snapshot what of the source was read, to be saved with the model
 * @param time how long it took to lay them out, or to find them
 * @param reused whether an earlier run laid them out
 */
public record PreparedData(
    HadoopChunkStorage storage,
    StoreManifest manifest,
    List<Integer> featureShape,
    Learned learned,
    Counts counts,
    Optional<TextFigures> text,
    DataSnapshot snapshot,
    Duration time,
    boolean reused) {

  /**
   * How many examples there are.
   *
   * @param read rows that were read, or windows of a text
   * @param dropped rows that were left out because something is missing
   * @param training examples to train on
   * @param validation examples to measure with
   * @param unknownCategories examples with a category that is not known
   */
  public record Counts(
      long read, long dropped, long training, long validation, long unknownCategories) {

    /** Where there are no categories. */
    public Counts(long read, long dropped, long training, long validation) {
      this(read, dropped, training, validation, 0);
    }
  }

  public PreparedData {
    featureShape = List.copyOf(featureShape);
  }

  /** The bytes of the store. */
  public long bytes() {
    return manifest.bytes();
  }

  /** Deletes the store. */
  public void delete() throws IOException {
    storage.delete("");
  }
}
