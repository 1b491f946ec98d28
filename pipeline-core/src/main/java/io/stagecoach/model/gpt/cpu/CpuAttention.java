package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.Memory;
import io.stagecoach.model.gpt.Thinning;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Causal attention of many heads: products of matrices on strided views of the queries, keys and
 * values as they lie side by side, without permuting anything, and only for the keys that a block
 * of queries sees.
 *
 * <p>With dropout, the probabilities are laid out for it as [examples, heads, time, time] and back:
 * a copy each way that the pass without dropout does not make.
 */
final class CpuAttention {

  private final BlockShape shape;
  private final CausalSoftmax softmax;
  private final CausalBlocks blocks;
  private final float scale;

  CpuAttention(BlockShape shape, CausalSoftmax softmax) {
    this.shape = shape;
    this.softmax = softmax;
    this.blocks = softmax.blocks();
    this.scale = (float) (1 / Math.sqrt(shape.headWidth()));
  }

  /**
   * What backward needs.
   *
   * @param probabilities panels of all heads
   * @param thinned the same after dropout; one with them where there is none
   */
  record Kept(Floats probabilities, Floats thinned) {}

  /**
   * Runs forward.
   *
   * @param qkv [rows, 3 width]: queries, keys, values, each head by head
   * @param attended [rows, width]; written
   */
  Kept forward(Floats qkv, Floats attended, Thinning dropout, Memory memory) {
    Floats probabilities = Floats.of(memory.kept(heads() * blocks.headLength()));
    score(qkv, probabilities);
    Floats thinned = probabilities;
    if (dropout.isActive()) {
      INDArray square = squares(memory);
      PanelTransposition transposition = new PanelTransposition(blocks);
      transposition.toSquares(probabilities, Floats.of(square), heads());
      dropout.forward(square);
      thinned = Floats.of(memory.kept(heads() * blocks.headLength()));
      transposition.toPanels(Floats.of(square), thinned, heads());
    }
    attend(qkv, thinned, attended);
    return new Kept(probabilities, thinned);
  }

  private void score(Floats qkv, Floats probabilities) {
    Panel queries = qkv.panel(0, 3 * shape.width());
    Panel keys = qkv.panel(shape.width(), 3 * shape.width());
    Panel scores = probabilities.panel(0, blocks.stride());
    for (int head = 0; head < heads(); head++) {
      for (int block = 0; block < blocks.count(); block++) {
        long start = head * blocks.headLength() + blocks.start(block);
        Gemm.productWithTransposed(
            blocks.keys(block),
            blocks.queries(block),
            shape.headWidth(),
            scale,
            keys.at(row(head, 0), column(head)),
            queries.at(row(head, block), column(head)),
            0,
            scores.at(0, start));
        softmax.forward(probabilities, start, block);
      }
    }
  }

  private void attend(Floats qkv, Floats probabilities, Floats attended) {
    Panel values = qkv.panel(2L * shape.width(), 3 * shape.width());
    Panel weights = probabilities.panel(0, blocks.stride());
    Panel result = attended.panel(0, shape.width());
    for (int head = 0; head < heads(); head++) {
      for (int block = 0; block < blocks.count(); block++) {
        Gemm.productOfTransposed(
            blocks.queries(block),
            shape.headWidth(),
            blocks.keys(block),
            1,
            weights.at(0, head * blocks.headLength() + blocks.start(block)),
            values.at(row(head, 0), column(head)),
            0,
            result.at(row(head, block), column(head)));
      }
    }
  }

  /**
   * The gradients of {@link #forward}.
   *
   * @param qkv that it had
   * @param attendedGradient [rows, width]
   * @param qkvGradient [rows, 3 width]; written
   * @param memory of the backward pass
   */
  void backward(
      Floats qkv,
      Kept kept,
      Floats attendedGradient,
      Floats qkvGradient,
      Thinning dropout,
      Memory memory) {
    if (dropout.isActive()) {
      Floats gradients = Floats.of(memory.scratch(heads() * blocks.headLength()));
      Backward pass = new Backward(qkv, kept, attendedGradient, qkvGradient, gradients);
      for (int head = 0; head < heads(); head++) {
        pass.toProbabilities(head, head * blocks.headLength());
      }
      INDArray square = squares(memory);
      PanelTransposition transposition = new PanelTransposition(blocks);
      transposition.toSquares(gradients, Floats.of(square), heads());
      dropout.backward(square);
      transposition.toPanels(Floats.of(square), gradients, heads());
      for (int head = 0; head < heads(); head++) {
        pass.toInputs(head, head * blocks.headLength());
      }
    } else {
      // One head's gradients at a time stay in the cache.
      Floats gradients = Floats.of(memory.scratch(blocks.headLength()));
      Backward pass = new Backward(qkv, kept, attendedGradient, qkvGradient, gradients);
      for (int head = 0; head < heads(); head++) {
        pass.toProbabilities(head, 0);
        pass.toInputs(head, 0);
      }
    }
  }

  private INDArray squares(Memory memory) {
    return memory.scratch(shape.examples(), shape.heads(), shape.time(), shape.time());
  }

  /** Heads of all examples. */
  private int heads() {
    return shape.examples() * shape.heads();
  }

  private long row(int head, int block) {
    return (long) (head / shape.heads()) * shape.time() + blocks.firstQuery(block);
  }

  private long column(int head) {
    return (long) (head % shape.heads()) * shape.headWidth();
  }

  /** One backward pass, head by head. */
  private final class Backward {
    private final Kept kept;
    private final Floats gradients;
    private final Panel queries;
    private final Panel keys;
    private final Panel values;
    private final Panel thinned;
    private final Panel panel;
    private final Panel attended;
    private final Panel queryGradients;
    private final Panel keyGradients;
    private final Panel valueGradients;

    Backward(Floats qkv, Kept kept, Floats attendedGradient, Floats qkvGradient, Floats gradients) {
      int width = shape.width();
      this.kept = kept;
      this.gradients = gradients;
      queries = qkv.panel(0, 3 * width);
      keys = qkv.panel(width, 3 * width);
      values = qkv.panel(2L * width, 3 * width);
      thinned = kept.thinned().panel(0, blocks.stride());
      panel = gradients.panel(0, blocks.stride());
      attended = attendedGradient.panel(0, width);
      queryGradients = qkvGradient.panel(0, 3 * width);
      keyGradients = qkvGradient.panel(width, 3 * width);
      valueGradients = qkvGradient.panel(2L * width, 3 * width);
    }

    /**
     * The gradients of the head's values, and of its probabilities after dropout.
     *
     * @param at where the latter's panels start
     */
    void toProbabilities(int head, long at) {
      // The last block has all keys and so writes all rows, to which the others add.
      for (int block = blocks.count() - 1; block >= 0; block--) {
        attended.at(row(head, block), column(head));
        Gemm.product(
            blocks.keys(block),
            shape.headWidth(),
            blocks.queries(block),
            1,
            thinned.at(0, head * blocks.headLength() + blocks.start(block)),
            attended,
            keptPart(block),
            valueGradients.at(row(head, 0), column(head)));
        Gemm.productWithTransposed(
            blocks.keys(block),
            blocks.queries(block),
            shape.headWidth(),
            1,
            values.at(row(head, 0), column(head)),
            attended,
            0,
            panel.at(0, at + blocks.start(block)));
      }
    }

    /** From the gradients of the head's probabilities to those of its queries and keys. */
    void toInputs(int head, long at) {
      for (int block = blocks.count() - 1; block >= 0; block--) {
        long start = at + blocks.start(block);
        softmax.backward(
            kept.probabilities(),
            head * blocks.headLength() + blocks.start(block),
            gradients,
            start,
            block);
        panel.at(0, start);
        Gemm.productOfTransposed(
            blocks.queries(block),
            shape.headWidth(),
            blocks.keys(block),
            scale,
            panel,
            keys.at(row(head, 0), column(head)),
            0,
            queryGradients.at(row(head, block), column(head)));
        Gemm.product(
            blocks.keys(block),
            shape.headWidth(),
            blocks.queries(block),
            scale,
            panel,
            queries.at(row(head, block), column(head)),
            keptPart(block),
            keyGradients.at(row(head, 0), column(head)));
      }
    }

    private float keptPart(int block) {
      return block == blocks.count() - 1 ? 0 : 1;
    }
  }
}
