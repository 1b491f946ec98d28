package io.stagecoach.sync;

import java.io.Serializable;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which of the replicas of a stage has its weights and updater state, adds up the gradients of all,
 * and gives them the new weights. Each replica has its share of the stages.
 *
 * <p>A stage's number counts those of all replicas through; its index is that within its pipeline.
 *
 * @param stages how many stages a pipeline has
 * @param replicas how many pipelines there are
 */
public record SliceOwners(int stages, int replicas) implements Serializable {

  /** The number of the owner of the stages with an index. */
  public int ownerOf(int index) {
    return index % replicas * stages + index;
  }

  /** Whether a stage, by number, is an owner. */
  public boolean owns(int stage) {
    return ownerOf(indexOf(stage)) == stage;
  }

  /** The index of a stage. */
  public int indexOf(int stage) {
    return stage % stages;
  }

  /** The numbers of all stages with an index, replica by replica. */
  public List<Integer> replicasOf(int index) {
    return IntStream.range(0, replicas).mapToObj(replica -> replica * stages + index).toList();
  }
}
