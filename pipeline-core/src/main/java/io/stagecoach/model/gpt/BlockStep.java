package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A transformer block over the next positions of sequences whose earlier ones are in a cache. */
final class BlockStep {

  private final NormMath norm;

  BlockStep(NormMath norm) {
    this.norm = norm;
  }

  /**
   * Runs forward, without dropout.
   *
   * @param shape with as many positions as are new
   * @param x [examples, new positions, width]
   * @param cache gets the new positions' keys and values
   * @return [examples, new positions, width], a new array
   */
  INDArray forward(
      BlockShape shape, BlockWeights weights, INDArray x, KeyValueCache cache, Memory memory) {
    int rows = shape.rows();
    int width = shape.width();
    INDArray in = x.reshape('c', rows, width);
    INDArray normed = memory.scratch(rows, width);
    norm.forward(in, weights.g1(), weights.c1(), normed, memory);
    INDArray qkv = memory.scratch(rows, 3L * width);
    Products.write(normed, weights.wqkv(), weights.bqkv(), qkv);
    cache.append(
        CausalAttention.heads(qkv, 1, shape.examples(), shape.heads()),
        CausalAttention.heads(qkv, 2, shape.examples(), shape.heads()));
    INDArray queries = CausalAttention.heads(qkv, 0, shape.examples(), shape.heads());
    INDArray probabilities = CausalAttention.probabilities(queries, cache.keys());
    INDArray gathered = queries.ulike();
    Nd4j.matmul(probabilities, cache.values(), gathered, false, false, false);
    INDArray middle = memory.scratch(rows, width);
    Products.write(CausalAttention.sideBySide(gathered), weights.wo(), weights.bo(), middle);
    middle.addi(in);
    norm.forward(middle, weights.g2(), weights.c2(), normed, memory);
    INDArray hidden = memory.scratch(rows, shape.hidden());
    Products.write(normed, weights.wfc(), weights.bfc(), hidden);
    INDArray y = memory.scratch(x.shape());
    INDArray out = y.reshape('c', rows, width);
    Products.write(Gelu.of(hidden), weights.wproj(), weights.bproj(), out);
    out.addi(middle);
    return y;
  }
}
