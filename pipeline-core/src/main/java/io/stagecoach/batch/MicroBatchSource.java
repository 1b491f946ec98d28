package io.stagecoach.batch;

import io.stagecoach.tensor.Tensors;
import java.util.List;
import java.util.Set;

/** Where a stage reads the columns that its own layers need. */
public interface MicroBatchSource extends AutoCloseable {

  /**
   * The named columns of these examples, axis 0 being the example; those of them that the data does
   * not have are left out. The caller owns the result.
   */
  Tensors read(Slice slice, Set<String> columns);

  /** Says what will be read soon, in order, so that it can be fetched in the background. */
  default void prefetch(List<Slice> slices, Set<String> columns) {}

  @Override
  default void close() {}
}
