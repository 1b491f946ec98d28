package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Blocks;
import io.stagecoach.engine.FinishedGradients;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
  private final BlockSum whole;
  private final List<Part> parts = new ArrayList<>();

  /** Of the blocks before the one that is being summed, as soon as there are some. */
  private INDArray earlier;

  private Blocks blocks;
  private boolean inParts;

  /**
   * A layer's part of the vector.
   *
   * @param sum none where the layer has no parameters
   * @param statistics what of the scratch is to be weighted
   */
  private record Part(long from, long to, Optional<BlockSum> sum, List<INDArray> statistics) {

    void weight(int examples) {
      statistics.forEach(statistic -> statistic.muli(examples));
    }
  }

  /**
   * @param layout what the vector is made of
   * @param layerLengths how long each layer's part is, in order
   */
  GradientSum(ParameterLayout layout, List<Long> layerLengths, DataType type) {
    // Zeros: the gradients of frozen layers, which nothing ever writes.
    this.scratch = Nd4j.zeros(type, layout.length());
    this.sum = Nd4j.zeros(type, layout.length());
    this.whole = new BlockSum(scratch, sum, this::earlier);
    long offset = 0;
    for (long length : layerLengths) {
      parts.add(part(offset, offset + length, layout));
      offset += length;
    }
  }

  private Part part(long from, long to, ParameterLayout layout) {
    if (from == to) {
      return new Part(from, to, Optional.empty(), List.of());
    }
    return new Part(
        from,
        to,
        Optional.of(
            new BlockSum(
                interval(scratch, from, to),
                interval(sum, from, to),
                () -> interval(earlier(), from, to))),
        layout.views().stream()
            .filter(view -> view.kind() == Kind.STATISTIC && view.length() > 0)
            .filter(view -> from <= view.offset() && view.offset() < to)
            .map(view -> interval(scratch, view.offset(), view.offset() + view.length()))
            .toList());
  }

  private INDArray earlier() {
    if (earlier == null) {
      // Not in the workspace of the micro-batch that is under way.
      earlier = OwnedArrays.copy(sum);
    }
    return earlier;
  }

  private static INDArray interval(INDArray whole, long from, long to) {
    return whole.get(NDArrayIndex.interval(from, to));
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
    parts.forEach(part -> part.weight(microBatchExamples));
    if (inParts) {
      parts.forEach(part -> add(part, microBatch));
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
    for (int layer = 0; layer < parts.size(); layer++) {
      parts.get(layer).weight(microBatchExamples);
      if (!without.contains(layer)) {
        add(parts.get(layer), microBatch);
      }
    }
  }

  /** Takes one layer's part: of a second half, which has no statistics. */
  void addLayer(int layer, int microBatch) {
    toParts();
    add(parts.get(layer), microBatch);
  }

  /** Takes the last micro-batch's part of one layer, which is then final. */
  void addLast(int layer, int microBatch, int microBatchExamples, FinishedGradients told) {
    toParts();
    parts.get(layer).weight(microBatchExamples);
    add(parts.get(layer), microBatch);
    end(layer, told);
  }

  /** Ends one layer's part, which is then final. */
  void end(int layer, FinishedGradients told) {
    Part part = parts.get(layer);
    part.sum().ifPresent(BlockSum::end);
    told.finished(sum, part.from(), part.to());
  }

  private void toParts() {
    if (!inParts) {
      inParts = true;
      parts.forEach(part -> part.sum().ifPresent(sumOfPart -> sumOfPart.goOn(whole)));
    }
  }

  private void add(Part part, int microBatch) {
    part.sum().ifPresent(sumOfPart -> sumOfPart.add(blocks.of(microBatch)));
  }

  /** The sum; a live view until the next {@link #begin}. To be asked for after the last add. */
  INDArray flat() {
    if (inParts) {
      parts.forEach(part -> part.sum().ifPresent(BlockSum::end));
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
