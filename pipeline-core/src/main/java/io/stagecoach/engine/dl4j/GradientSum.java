package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Blocks;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Adds up the gradients of a step's micro-batches, block by block. The layers write each
 * micro-batch's gradients into {@link #scratch}; statistics are weighted by the micro-batch's
 * examples.
 */
final class GradientSum implements AutoCloseable {

  private final INDArray scratch;
  private final INDArray sum;
  private final List<INDArray> statistics;
  private final BlockSum whole;

  /** Of each layer; null where it has no parameters. */
  private final List<BlockSum> parts = new ArrayList<>();

  /** Of the blocks before the one that is being summed, as soon as there are some. */
  private INDArray earlier;

  private Blocks blocks;
  private boolean inParts;

  /**
   * @param layout what the vector is made of
   * @param layerLengths how long each layer's part is, in order
   */
  GradientSum(ParameterLayout layout, List<Long> layerLengths, DataType type) {
    // Zeros: the gradients of frozen layers, which nothing ever writes.
    this.scratch = Nd4j.zeros(type, layout.length());
    this.sum = Nd4j.zeros(type, layout.length());
    this.statistics =
        layout.views().stream()
            .filter(view -> view.kind() == Kind.STATISTIC && view.length() > 0)
            .map(this::inScratch)
            .toList();
    this.whole = new BlockSum(scratch, sum, this::earlier);
    long offset = 0;
    for (long length : layerLengths) {
      long begin = offset;
      parts.add(
          length == 0
              ? null
              : new BlockSum(
                  part(scratch, begin, length),
                  part(sum, begin, length),
                  () -> part(earlier(), begin, length)));
      offset += length;
    }
  }

  private INDArray earlier() {
    if (earlier == null) {
      // Not in the workspace of the micro-batch that is under way.
      earlier = OwnedArrays.copy(sum);
    }
    return earlier;
  }

  private static INDArray part(INDArray whole, long offset, long length) {
    return whole.get(NDArrayIndex.interval(offset, offset + length));
  }

  private INDArray inScratch(View view) {
    return part(scratch, view.offset(), view.length());
  }

  /** Where the layers write. */
  INDArray scratch() {
    return scratch;
  }

  /** Begins a step whose micro-batches are summed in these blocks. */
  void begin(Blocks ofStep) {
    blocks = ofStep;
    inParts = false;
    whole.begin();
  }

  /** Takes what a micro-batch left in {@link #scratch}. */
  void add(int microBatch, int microBatchExamples) {
    for (INDArray statistic : statistics) {
      statistic.muli(microBatchExamples);
    }
    if (inParts) {
      for (int layer = 0; layer < parts.size(); layer++) {
        addPart(layer, microBatch);
      }
    } else {
      whole.add(blocks.of(microBatch));
    }
  }

  /**
   * Takes the first half of what a micro-batch leaves: all but some layers' parts.
   *
   * @param without the layers, by index
   */
  void addWithout(Set<Integer> without, int microBatch, int microBatchExamples) {
    toParts();
    for (INDArray statistic : statistics) {
      statistic.muli(microBatchExamples);
    }
    for (int layer = 0; layer < parts.size(); layer++) {
      if (!without.contains(layer)) {
        addPart(layer, microBatch);
      }
    }
  }

  /** Takes one layer's part: of a second half, which has no statistics. */
  void addLayer(int layer, int microBatch) {
    toParts();
    addPart(layer, microBatch);
  }

  private void toParts() {
    if (!inParts) {
      inParts = true;
      for (BlockSum part : parts) {
        if (part != null) {
          part.goOn(whole);
        }
      }
    }
  }

  private void addPart(int layer, int microBatch) {
    BlockSum part = parts.get(layer);
    if (part != null) {
      part.add(blocks.of(microBatch));
    }
  }

  /** The sum; a live view until the next {@link #begin}. To be asked for after the last add. */
  INDArray flat() {
    if (inParts) {
      for (BlockSum part : parts) {
        if (part != null) {
          part.end();
        }
      }
    } else {
      whole.end();
    }
    return sum;
  }

  @Override
  public void close() {
    scratch.close();
    sum.close();
    if (earlier != null) {
      earlier.close();
    }
  }
}
