package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Pieces of causal attention by ND4J operations. */
final class CausalAttention {

  /** What is added to the scores of keys that come later: its exponential is 0 in every type. */
  private static final double NEVER = -1e30;

  private CausalAttention() {}

  /**
   * One of queries, keys and values by heads, copied.
   *
   * @param qkv [examples · time, 3 · width]
   * @param part 0, 1 or 2
   * @return [examples, heads, time, head width]
   */
  static INDArray heads(INDArray qkv, int part, int examples, int heads) {
    long time = qkv.size(0) / examples;
    long headWidth = qkv.size(1) / 3 / heads;
    return qkv.reshape('c', examples, time, 3, heads, headWidth)
        .tensorAlongDimension(part, 0, 1, 3, 4)
        .permute(0, 2, 1, 3)
        .dup('c');
  }

  /**
   * The probabilities, a new array [examples, heads, queries, keys] in c order.
   *
   * @param queries [examples, heads, queries, head width], the last of the positions
   * @param keys [examples, heads, keys, head width]
   */
  static INDArray probabilities(INDArray queries, INDArray keys) {
    long count = queries.size(2);
    long length = keys.size(2);
    INDArray scores =
        Nd4j.createUninitialized(
            queries.dataType(), new long[] {queries.size(0), queries.size(1), count, length}, 'c');
    Nd4j.matmul(queries, keys, scores, false, true, false);
    scores.muli(1 / Math.sqrt((double) queries.size(3)));
    if (count > 1) {
      INDArray rows = scores.reshape('c', scores.length() / (count * length), count * length);
      rows.addiRowVector(later(count, length, queries.dataType()));
    }
    INDArray flat = scores.reshape('c', scores.length() / length, length);
    flat.subiColumnVector(flat.max(true, 1));
    Transforms.exp(flat, false);
    flat.diviColumnVector(flat.sum(true, 1));
    return scores;
  }

  /** {@link #NEVER} where a key is later than a query, else 0: [1, queries · keys]. */
  private static INDArray later(long queries, long keys, DataType type) {
    INDArray distance = Nd4j.zeros(type, queries, keys);
    distance.addiRowVector(Nd4j.arange((double) keys).castTo(type).reshape('c', 1, keys));
    distance.subiColumnVector(
        Nd4j.arange((double) (keys - queries), (double) keys)
            .castTo(type)
            .reshape('c', queries, 1));
    return distance.gt(0).castTo(type).muli(NEVER).reshape('c', 1, queries * keys);
  }

  /** [examples, heads, time, head width] side by side, copied to [examples · time, width]. */
  static INDArray sideBySide(INDArray heads) {
    long rows = heads.size(0) * heads.size(2);
    return heads.permute(0, 2, 1, 3).dup('c').reshape('c', rows, heads.length() / rows);
  }
}
