package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Keys and values of the positions that a block has seen: [examples, heads, positions, width]. */
final class KeyValueCache extends PositionCache {

  private final INDArray keys;
  private final INDArray values;

  @SuppressWarnings("try") // ND4J's memory scopes are resources that no one needs to name.
  KeyValueCache(DataType type, int examples, int heads, int maxLength, int headWidth) {
    super(maxLength);
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      keys = Nd4j.create(type, examples, heads, maxLength, headWidth);
      values = Nd4j.create(type, examples, heads, maxLength, headWidth);
    }
  }

  /** Appends keys and values of new positions, [examples, heads, positions, head width]. */
  void append(INDArray newKeys, INDArray newValues) {
    int from = advance((int) newKeys.size(2));
    positions(keys, from, length()).assign(newKeys);
    positions(values, from, length()).assign(newValues);
  }

  /** All keys, copied. */
  INDArray keys() {
    return positions(keys, 0, length()).dup('c');
  }

  /** All values, copied. */
  INDArray values() {
    return positions(values, 0, length()).dup('c');
  }

  private static INDArray positions(INDArray array, int from, int to) {
    return array.get(
        NDArrayIndex.all(),
        NDArrayIndex.all(),
        NDArrayIndex.interval(from, to),
        NDArrayIndex.all());
  }

  @Override
  public void close() {
    if (!keys.wasClosed()) {
      keys.close();
      values.close();
    }
  }
}
