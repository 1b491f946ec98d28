package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.BlockDropouts;
import io.stagecoach.model.gpt.BlockMath;
import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import io.stagecoach.model.gpt.Memory;
import io.stagecoach.model.gpt.Thinning;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A pass through a transformer block. Biases and residuals are written where a product will be, and
 * BLAS adds the product to them.
 */
final class CpuBlockPass implements BlockMath.Pass {

  private final BlockShape shape;
  private final FloatWeights weights;
  private final Floats x;
  private final BlockDropouts dropouts;

  private final Floats statistics1;
  private final Floats normed1;
  private final Floats qkv;
  private final Floats attended;
  private final Floats middle;
  private final Floats statistics2;
  private final Floats normed2;
  private final Floats fed;
  private final Floats activated;
  private CpuAttention.Kept attention;

  CpuBlockPass(
      BlockShape shape, FloatWeights weights, Floats x, BlockDropouts dropouts, Memory memory) {
    this.shape = shape;
    this.weights = weights;
    this.x = x;
    this.dropouts = dropouts;
    int rows = shape.rows();
    int width = shape.width();
    statistics1 = Floats.of(memory.kept(rows, 2));
    normed1 = Floats.of(memory.kept(rows, width));
    qkv = Floats.of(memory.kept(rows, 3L * width));
    attended = Floats.of(memory.kept(rows, width));
    middle = Floats.of(memory.kept(rows, width));
    statistics2 = Floats.of(memory.kept(rows, 2));
    normed2 = Floats.of(memory.kept(rows, width));
    fed = Floats.of(memory.kept(rows, shape.hidden()));
    activated = Floats.of(memory.kept(rows, shape.hidden()));
  }

  /**
   * Runs forward; to be called once.
   *
   * @param y [examples, time, width]; written
   */
  void forward(INDArray y, Memory memory) {
    Scratch scratch = Scratch.ofThisThread();
    RowNorm norm = scratch.norm(shape.width());
    Linear linear = new Linear(shape.rows());
    norm.forward(x, weights.g1(), weights.c1(), normed1, statistics1);
    scratch.biasRows(3 * shape.width()).fill(weights.bqkv(), qkv);
    linear.addProduct(normed1, weights.wqkv(), qkv);
    attention = attention(scratch).forward(qkv, attended, dropouts.attention(), memory);
    addBranch(attended, weights.wo(), weights.bo(), x, middle, dropouts.attended(), memory);
    norm.forward(middle, weights.g2(), weights.c2(), normed2, statistics2);
    scratch.biasRows(shape.hidden()).fill(weights.bfc(), fed);
    linear.addProduct(normed2, weights.wfc(), fed);
    scratch.gelu().forward(fed, activated);
    addBranch(
        activated, weights.wproj(), weights.bproj(), middle, Floats.of(y), dropouts.fed(), memory);
  }

  /** output ← residual + drop(input · matrix + bias). */
  private void addBranch(
      Floats input,
      Floats matrix,
      Floats bias,
      Floats residual,
      Floats output,
      Thinning dropout,
      Memory memory) {
    Scratch scratch = Scratch.ofThisThread();
    BiasRows biasRows = scratch.biasRows(shape.width());
    Linear linear = new Linear(shape.rows());
    if (dropout.isActive()) {
      INDArray branch = memory.scratch(shape.examples(), shape.time(), shape.width());
      Floats numbers = Floats.of(branch);
      biasRows.fill(bias, numbers);
      linear.addProduct(input, matrix, numbers);
      dropout.forward(branch);
      scratch.residual().add(residual, numbers, output);
    } else {
      biasRows.fill(bias, residual, output);
      linear.addProduct(input, matrix, output);
    }
  }

  @Override
  public void backward(
      INDArray outputGradient, INDArray inputGradient, BlockWeights gradients, Memory memory) {
    Scratch scratch = Scratch.ofThisThread();
    RowNorm norm = scratch.norm(shape.width());
    FloatWeights into = FloatWeights.of(gradients);
    // Of the output, then, with what came past each branch, of the middle.
    Floats gradient = Floats.of(outputGradient);
    Linear linear = new Linear(shape.rows());
    int width = shape.width();
    Floats ones = Floats.of(memory.scratch(shape.rows()).assign(1));

    Floats branch = branchGradient(outputGradient, dropouts.fed(), memory);
    Floats fedGradient = Floats.of(memory.scratch(shape.rows(), shape.hidden()));
    linear.backward(
        activated, weights.wproj(), branch, fedGradient, into.wproj(), into.bproj(), ones);
    scratch.gelu().backward(fed, fedGradient);
    Floats normedGradient = Floats.of(memory.scratch(shape.rows(), width));
    linear.backward(
        normed2, weights.wfc(), fedGradient, normedGradient, into.wfc(), into.bfc(), ones);
    norm.backward(
        middle,
        weights.g2(),
        statistics2,
        normedGradient,
        gradient,
        gradient,
        into.g2(),
        into.c2());

    branch = branchGradient(outputGradient, dropouts.attended(), memory);
    linear.backward(attended, weights.wo(), branch, normedGradient, into.wo(), into.bo(), ones);
    Floats qkvGradient = Floats.of(memory.scratch(shape.rows(), 3L * width));
    attention(scratch)
        .backward(qkv, attention, normedGradient, qkvGradient, dropouts.attention(), memory);
    linear.backward(
        normed1, weights.wqkv(), qkvGradient, normedGradient, into.wqkv(), into.bqkv(), ones);
    norm.backward(
        x,
        weights.g1(),
        statistics1,
        normedGradient,
        gradient,
        Floats.of(inputGradient),
        into.g1(),
        into.c1());
  }

  /** The gradient of a branch before its dropout, where the residual stream's must stay whole. */
  private Floats branchGradient(INDArray gradient, Thinning dropout, Memory memory) {
    if (!dropout.isActive()) {
      return Floats.of(gradient);
    }
    INDArray branch = memory.scratch(gradient.shape());
    branch.assign(gradient);
    dropout.backward(branch);
    return Floats.of(branch);
  }

  private CpuAttention attention(Scratch scratch) {
    return new CpuAttention(shape, scratch.softmax(shape.time()));
  }
}
