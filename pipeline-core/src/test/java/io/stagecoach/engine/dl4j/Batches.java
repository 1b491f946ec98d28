package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Made-up data, a pure function of its seed. */
public final class Batches {

  private Batches() {}

  /** Uniform numbers in [−1, 1). */
  public static INDArray uniform(long seed, long... shape) {
    Random random = new Random(seed);
    long length = 1;
    for (long axis : shape) {
      length *= axis;
    }
    double[] values = new double[(int) length];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * random.nextDouble() - 1;
    }
    return Nd4j.create(values, shape, 'c').castTo(DataType.DOUBLE);
  }

  /** Class indices, shape [rows] or [rows, time]. */
  public static INDArray classes(long seed, int classes, long... shape) {
    INDArray labels = Nd4j.create(DataType.INT32, shape);
    Random random = new Random(seed);
    for (long i = 0; i < labels.length(); i++) {
      labels.putScalar(i, random.nextInt(classes));
    }
    return labels;
  }

  /** The one-hot form: [rows, classes] or [rows, classes, time]. */
  public static INDArray oneHot(INDArray indices, int classes) {
    if (indices.rank() == 1) {
      INDArray labels = Nd4j.zeros(DataType.DOUBLE, indices.length(), classes);
      for (long i = 0; i < indices.length(); i++) {
        labels.putScalar(i, indices.getInt((int) i), 1);
      }
      return labels;
    }
    INDArray labels = Nd4j.zeros(DataType.DOUBLE, indices.size(0), classes, indices.size(1));
    for (int i = 0; i < indices.size(0); i++) {
      for (int t = 0; t < indices.size(1); t++) {
        labels.putScalar(new int[] {i, indices.getInt(i, t), t}, 1);
      }
    }
    return labels;
  }

  /** Rows of vectors. */
  public static Tensors vectors(long seed, int rows, int features, int classes) {
    return tensors(
        Columns.FEATURES,
        uniform(seed, rows, features),
        Columns.LABELS,
        oneHot(classes(seed + 1, classes, rows), classes));
  }

  /** Rows of one-channel images. */
  public static Tensors images(long seed, int rows, int side, int classes) {
    return tensors(
        Columns.FEATURES,
        uniform(seed, rows, 1, side, side),
        Columns.LABELS,
        oneHot(classes(seed + 1, classes, rows), classes));
  }

  /** Rows of sequences of unequal lengths, with masks. */
  public static Tensors sequences(long seed, int rows, int features, int classes, int time) {
    INDArray mask = lengths(seed + 2, rows, time);
    return tensors(
        Columns.FEATURES,
        uniform(seed, rows, features, time),
        Columns.LABELS,
        oneHot(classes(seed + 1, classes, rows, time), classes),
        Columns.FEATURES_MASK,
        mask,
        Columns.LABELS_MASK,
        mask.dup());
  }

  /**
   * Sequences of token indices with the next tokens as labels, whose mask hides the ends of some.
   */
  public static Tensors tokens(long seed, int rows, int vocabulary, int time) {
    return tensors(
        Columns.FEATURES,
        classes(seed, vocabulary, rows, time),
        Columns.LABELS,
        classes(seed + 1, vocabulary, rows, time),
        Columns.LABELS_MASK,
        lengths(seed + 2, rows, time));
  }

  private static INDArray lengths(long seed, int rows, int time) {
    INDArray mask = Nd4j.zeros(DataType.DOUBLE, rows, time);
    Random random = new Random(seed);
    for (int i = 0; i < rows; i++) {
      int length = 1 + random.nextInt(time);
      for (int t = 0; t < length; t++) {
        mask.putScalar(i, t, 1);
      }
    }
    return mask;
  }

  /** Named arrays. */
  public static Tensors tensors(Object... namesAndArrays) {
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    for (int i = 0; i < namesAndArrays.length; i += 2) {
      arrays.put((String) namesAndArrays[i], (INDArray) namesAndArrays[i + 1]);
    }
    return Tensors.of(arrays);
  }

  /** Cuts rows into micro-batches of equal size; the last may be smaller. */
  public static List<Tensors> split(Tensors batch, int microBatches) {
    long rows = batch.asMap().values().iterator().next().size(0);
    long size = (rows + microBatches - 1) / microBatches;
    List<Tensors> parts = new ArrayList<>();
    for (long first = 0; first < rows; first += size) {
      Map<String, INDArray> part = new LinkedHashMap<>();
      long from = first;
      long to = Math.min(rows, first + size);
      batch.asMap().forEach((name, array) -> part.put(name, rows(array, from, to)));
      parts.add(Tensors.of(part));
    }
    return parts;
  }

  private static INDArray rows(INDArray array, long from, long to) {
    INDArrayIndex[] indices = new INDArrayIndex[array.rank()];
    indices[0] = NDArrayIndex.interval(from, to);
    for (int i = 1; i < indices.length; i++) {
      indices[i] = NDArrayIndex.all();
    }
    return array.get(indices).dup('c');
  }
}
