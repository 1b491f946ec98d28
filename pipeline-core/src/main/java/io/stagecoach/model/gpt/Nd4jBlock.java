package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Transformer blocks by ND4J operations. */
final class Nd4jBlock implements BlockMath {

  private final NormMath norm;

  Nd4jBlock(NormMath norm) {
    this.norm = norm;
  }

  @Override
  public Pass forward(
      BlockShape shape,
      BlockWeights weights,
      INDArray x,
      INDArray y,
      BlockDropouts dropouts,
      Memory memory) {
    int rows = shape.rows();
    int width = shape.width();
    INDArray in = x.reshape('c', rows, width);
    INDArray normed1 = memory.kept(rows, width);
    NormMath.Pass norm1 = norm.forward(in, weights.g1(), weights.c1(), normed1, memory);
    INDArray qkv = memory.kept(rows, 3L * width);
    Products.write(normed1, weights.wqkv(), weights.bqkv(), qkv);
    INDArray probabilities =
        memory.kept(shape.examples(), shape.heads(), shape.time(), shape.time());
    probabilities.assign(
        CausalAttention.probabilities(
            CausalAttention.heads(qkv, 0, shape.examples(), shape.heads()),
            CausalAttention.heads(qkv, 1, shape.examples(), shape.heads())));
    INDArray dropped = probabilities;
    if (dropouts.attention().isActive()) {
      dropped = memory.kept(probabilities.shape());
      dropped.assign(probabilities);
      dropouts.attention().forward(dropped);
    }
    INDArray values = CausalAttention.heads(qkv, 2, shape.examples(), shape.heads());
    INDArray gathered = memory.kept(rows, width);
    gathered.assign(
        CausalAttention.sideBySide(batched(dropped, values, values.shape(), false, false)));
    INDArray middle = memory.scratch(x.shape());
    Products.write(gathered, weights.wo(), weights.bo(), middle.reshape('c', rows, width));
    dropouts.attended().forward(middle);
    middle.addi(x);
    INDArray normed2 = memory.kept(rows, width);
    NormMath.Pass norm2 =
        norm.forward(middle.reshape('c', rows, width), weights.g2(), weights.c2(), normed2, memory);
    INDArray hidden = memory.kept(rows, shape.hidden());
    Products.write(normed2, weights.wfc(), weights.bfc(), hidden);
    Products.write(Gelu.of(hidden), weights.wproj(), weights.bproj(), y.reshape('c', rows, width));
    dropouts.fed().forward(y);
    y.addi(middle);
    return new BlockPass(
        shape,
        weights,
        dropouts,
        norm1,
        normed1,
        qkv,
        probabilities,
        dropped,
        gathered,
        norm2,
        normed2,
        hidden);
  }

  private static INDArray batched(
      INDArray a, INDArray b, long[] shape, boolean transposeA, boolean transposeB) {
    INDArray out = Nd4j.createUninitialized(a.dataType(), shape, 'c');
    Nd4j.matmul(a, b, out, transposeA, transposeB, false);
    return out;
  }

  private record BlockPass(
      BlockShape shape,
      BlockWeights weights,
      BlockDropouts dropouts,
      NormMath.Pass norm1,
      INDArray normed1,
      INDArray qkv,
      INDArray probabilities,
      INDArray dropped,
      INDArray gathered,
      NormMath.Pass norm2,
      INDArray normed2,
      INDArray hidden)
      implements Pass {

    @Override
    public void backward(
        INDArray outputGradient, INDArray inputGradient, BlockWeights gradients, Memory memory) {
      INDArray middleGradient = memory.scratch(outputGradient.shape());
      INDArray normedGradient = memory.scratch(shape.rows(), shape.width());
      INDArray flat = inputGradient.reshape('c', shape.rows(), shape.width());
      INDArray middle = middleGradient.reshape('c', shape.rows(), shape.width());
      INDArray out = outputGradient.reshape('c', shape.rows(), shape.width());

      feedForwardBackward(thinned(outputGradient, dropouts.fed()), normedGradient, gradients);
      norm2.backward(normedGradient, middle, gradients.g2(), gradients.c2(), memory);
      middle.addi(out);
      attentionBackward(thinned(middleGradient, dropouts.attended()), normedGradient, gradients);
      norm1.backward(normedGradient, flat, gradients.g1(), gradients.c1(), memory);
      flat.addi(middle);
    }

    private INDArray thinned(INDArray gradient, Thinning thinning) {
      INDArray branch = gradient;
      if (thinning.isActive()) {
        branch = gradient.dup('c');
        thinning.backward(branch);
      }
      return branch.reshape('c', shape.rows(), shape.width());
    }

    private void feedForwardBackward(INDArray out, INDArray in, BlockWeights gradients) {
      Products.sumOfRows(out, gradients.bproj());
      Products.write(Gelu.of(hidden).transpose(), out, gradients.wproj());
      INDArray hiddenGradient = hidden.ulike();
      Products.write(out, weights.wproj().transpose(), hiddenGradient);
      hiddenGradient.muli(Gelu.derivative(hidden));
      Products.sumOfRows(hiddenGradient, gradients.bfc());
      Products.write(normed2.transpose(), hiddenGradient, gradients.wfc());
      Products.write(hiddenGradient, weights.wfc().transpose(), in);
    }

    private void attentionBackward(INDArray out, INDArray in, BlockWeights gradients) {
      Products.sumOfRows(out, gradients.bo());
      Products.write(gathered.transpose(), out, gradients.wo());
      INDArray gatheredGradient = gathered.ulike();
      Products.write(out, weights.wo().transpose(), gatheredGradient);
      INDArray qkvGradient = headsBackward(gatheredGradient);
      Products.sumOfRows(qkvGradient, gradients.bqkv());
      Products.write(normed1.transpose(), qkvGradient, gradients.wqkv());
      Products.write(qkvGradient, weights.wqkv().transpose(), in);
    }

    /** The gradient of queries, keys and values from that of the heads' results. */
    private INDArray headsBackward(INDArray gatheredGradient) {
      int examples = shape.examples();
      int heads = shape.heads();
      INDArray queries = CausalAttention.heads(qkv, 0, examples, heads);
      INDArray keys = CausalAttention.heads(qkv, 1, examples, heads);
      INDArray values = CausalAttention.heads(qkv, 2, examples, heads);
      INDArray result =
          gatheredGradient
              .reshape('c', examples, shape.time(), heads, shape.headWidth())
              .permute(0, 2, 1, 3)
              .dup('c');
      INDArray valueGradient = batched(dropped, result, values.shape(), true, false);
      INDArray scoreGradient = batched(result, values, probabilities.shape(), false, true);
      dropouts.attention().backward(scoreGradient);
      softmaxBackward(scoreGradient);
      scoreGradient.muli(1 / Math.sqrt(shape.headWidth()));
      INDArray queryGradient = batched(scoreGradient, keys, keys.shape(), false, false);
      INDArray keyGradient = batched(scoreGradient, queries, keys.shape(), true, false);

      INDArray all = qkv.ulike();
      put(queryGradient, all, 0);
      put(keyGradient, all, 1);
      put(valueGradient, all, 2);
      return all;
    }

    private void softmaxBackward(INDArray gradient) {
      INDArray flat = gradient.reshape('c', gradient.length() / shape.time(), shape.time());
      INDArray p = probabilities.reshape('c', flat.shape());
      flat.subiColumnVector(flat.mul(p).sum(true, 1));
      flat.muli(p);
    }

    private void put(INDArray heads, INDArray all, int part) {
      long from = (long) part * shape.width();
      all.get(NDArrayIndex.all(), NDArrayIndex.interval(from, from + shape.width()))
          .assign(CausalAttention.sideBySide(heads));
    }
  }
}
