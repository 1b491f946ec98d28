package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a stage keeps of the sequences that it goes on with, by micro-batch and node. */
final class KeptSequences implements AutoCloseable {

  private final int nodes;
  private final Map<Integer, List<NodeMemory>> byMicroBatch = new HashMap<>();

  /**
   * @param nodes how many nodes the stage has
   */
  KeptSequences(int nodes) {
    this.nodes = nodes;
  }

  /** Begins a step; forgets all sequences where it begins new ones. */
  void begin(boolean carries) {
    if (!carries) {
      close();
    }
  }

  /**
   * What is kept of a micro-batch's sequences, node by node.
   *
   * @param carries whether something must be there
   */
  List<NodeMemory> of(int microBatch, boolean carries) {
    if (carries && !byMicroBatch.containsKey(microBatch)) {
      throw new StagecoachException(
          ErrorKind.INTERNAL,
          "Nothing is kept of the sequences that the step goes on with",
          Where.nowhere().atMicroBatch(microBatch),
          "Generate again from the beginning.",
          null);
    }
    return byMicroBatch.computeIfAbsent(
        microBatch,
        unused -> {
          List<NodeMemory> kept = new ArrayList<>();
          for (int i = 0; i < nodes; i++) {
            kept.add(new NodeMemory());
          }
          return kept;
        });
  }

  @Override
  public void close() {
    byMicroBatch.values().forEach(kept -> kept.forEach(NodeMemory::close));
    byMicroBatch.clear();
  }
}
