package io.stagecoach.spark.cluster;

import io.stagecoach.error.StagecoachException;
import java.util.function.Consumer;

/**
 * Who knows what stages go on from, where these keep their weights themselves: is told whenever
 * stages are placed, and before they end.
 */
public interface SliceHolder {

  /** Of stages that are sent their weights by the driver. */
  static SliceHolder none() {
    return new SliceHolder() {
      @Override
      public void mendedBy(Consumer<StagecoachException> mending) {}

      @Override
      public void placed(Pipeline stages) {}

      @Override
      public void leaving() {}

      @Override
      public void lost(StagecoachException cause) {}
    };
  }

  /** Places stages anew where something fails between two steps, or throws what it failed with. */
  void mendedBy(Consumer<StagecoachException> mending);

  /** Stages are placed, and have nothing yet. */
  void placed(Pipeline stages);

  /** The stages that were placed are about to end, and others to be placed in their stead. */
  void leaving();

  /**
   * The stages that were placed have failed.
   *
   * @throws StagecoachException where others cannot go on in their stead
   */
  void lost(StagecoachException cause);
}
