package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Keys and values of the positions that a block has seen: [examples, heads, positions, width].
 * Grows with the sequences, so that short ones take little of what the longest would.
 */
final class KeyValueCache extends PositionCache {

  private static final int FIRST_POSITIONS = 64;

  private final int maxLength;
  private INDArray keys;
  private INDArray values;

  KeyValueCache(DataType type, int examples, int heads, int maxLength, int headWidth) {
    super(maxLength);
    this.maxLength = maxLength;
    long[] shape = {examples, heads, Math.min(FIRST_POSITIONS, maxLength), headWidth};
    keys = outsideOfWorkspaces(type, shape);
    values = outsideOfWorkspaces(type, shape);
  }

  @SuppressWarnings("try") // ND4J's memory scopes are resources that no one needs to name.
  private static INDArray outsideOfWorkspaces(DataType type, long... shape) {
    try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return Nd4j.create(type, shape);
    }
  }

  /** Appends keys and values of new positions, [examples, heads, positions, head width]. */
  void append(INDArray newKeys, INDArray newValues) {
    int from = advance((int) newKeys.size(2));
    if (length() > keys.size(2)) {
      int room = (int) Math.min(maxLength, Math.max(length(), 2 * keys.size(2)));
      keys = grown(keys, from, room);
      values = grown(values, from, room);
    }
    positions(keys, from, length()).assign(newKeys);
    positions(values, from, length()).assign(newValues);
  }

  private static INDArray grown(INDArray array, int used, int room) {
    long[] shape = array.shape().clone();
    shape[2] = room;
    INDArray larger = outsideOfWorkspaces(array.dataType(), shape);
    positions(larger, 0, used).assign(positions(array, 0, used));
    array.close();
    return larger;
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
