package io.stagecoach.engine.dl4j;

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
 * Adds up the gradients of a step's micro-batches. The layers write each micro-batch's gradients
 * into {@link #scratch}; statistics are weighted by the micro-batch's examples.
 */
final class GradientSum implements AutoCloseable {

  private final INDArray scratch;
  private final INDArray sum;
  private final List<INDArray> statistics;
  private final List<Part> parts = new ArrayList<>();
  private boolean holdsThisStep;
  private boolean inParts;

  /** One layer's part. */
  private static final class Part {
    final INDArray scratch;
    final INDArray sum;
    boolean holdsThisStep;

    Part(INDArray scratch, INDArray sum) {
      this.scratch = scratch;
      this.sum = sum;
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
    this.statistics =
        layout.views().stream()
            .filter(view -> view.kind() == Kind.STATISTIC && view.length() > 0)
            .map(this::inScratch)
            .toList();
    long offset = 0;
    for (long length : layerLengths) {
      parts.add(
          length == 0 ? null : new Part(part(scratch, offset, length), part(sum, offset, length)));
      offset += length;
    }
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

  /** Begins a step. */
  void begin() {
    holdsThisStep = false;
    inParts = false;
  }

  /** Takes what a micro-batch left in {@link #scratch}. */
  void add(int microBatchExamples) {
    for (INDArray statistic : statistics) {
      statistic.muli(microBatchExamples);
    }
    if (inParts) {
      parts.forEach(GradientSum::add);
    } else if (holdsThisStep) {
      sum.addi(scratch);
    } else {
      sum.assign(scratch);
      holdsThisStep = true;
    }
  }

  /**
   * Takes the first half of what a micro-batch leaves: all but some layers' parts.
   *
   * @param without the layers, by index
   */
  void addWithout(Set<Integer> without, int microBatchExamples) {
    toParts();
    for (INDArray statistic : statistics) {
      statistic.muli(microBatchExamples);
    }
    for (int layer = 0; layer < parts.size(); layer++) {
      if (!without.contains(layer)) {
        add(parts.get(layer));
      }
    }
  }

  /** Takes one layer's part: of a second half, which has no statistics. */
  void addLayer(int layer) {
    toParts();
    add(parts.get(layer));
  }

  private void toParts() {
    if (!inParts) {
      inParts = true;
      for (Part part : parts) {
        if (part != null) {
          part.holdsThisStep = holdsThisStep;
        }
      }
    }
  }

  private static void add(Part part) {
    if (part == null) {
      return;
    }
    if (part.holdsThisStep) {
      part.sum.addi(part.scratch);
    } else {
      part.sum.assign(part.scratch);
      part.holdsThisStep = true;
    }
  }

  /** The sum; a live view until the next {@link #begin}. */
  INDArray flat() {
    if (inParts) {
      for (Part part : parts) {
        if (part != null && !part.holdsThisStep) {
          part.sum.assign(0);
          part.holdsThisStep = true;
        }
      }
    } else if (!holdsThisStep) {
      sum.assign(0);
      holdsThisStep = true;
    }
    return sum;
  }

  @Override
  public void close() {
    scratch.close();
    sum.close();
  }
}
