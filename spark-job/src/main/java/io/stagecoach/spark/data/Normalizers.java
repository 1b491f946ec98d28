package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Normalization;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.MultiDataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.dataset.api.preprocessor.stats.DistributionStats;
import org.nd4j.linalg.dataset.api.preprocessor.stats.MinMaxStats;
import org.nd4j.linalg.factory.Nd4j;

/** DL4J's normalizers: made from statistics, and as bytes that travel to the executors. */
final class Normalizers {

  private Normalizers() {}

  /**
   * The normalizer of these statistics; empty where features stay as they are. For several inputs
   * it is DL4J's for a {@code MultiDataSet}.
   */
  static Optional<Normalizer<?>> fitted(
      Normalization kind, InputStatistics statistics, DataType dataType) {
    if (kind == Normalization.NONE) {
      return Optional.empty();
    }
    List<InputStatistics.Scale> scales = statistics.scales();
    if (scales.stream().noneMatch(InputStatistics.Scale::changes)) {
      return Optional.empty();
    }
    return Optional.of(
        scales.size() == 1
            ? ofOne(kind, scales.get(0), dataType)
            : ofSeveral(kind, scales, dataType));
  }

  private static DataNormalization ofOne(
      Normalization kind, InputStatistics.Scale scale, DataType dataType) {
    if (kind == Normalization.STANDARD) {
      return new NormalizerStandardize(
          rowVector(scale.means(), dataType), rowVector(scale.deviations(), dataType));
    }
    NormalizerMinMaxScaler scaler = new NormalizerMinMaxScaler();
    scaler.setFeatureStats(
        rowVector(scale.least(), dataType), rowVector(scale.greatest(), dataType));
    return scaler;
  }

  private static MultiDataNormalization ofSeveral(
      Normalization kind, List<InputStatistics.Scale> scales, DataType dataType) {
    if (kind == Normalization.STANDARD) {
      MultiNormalizerStandardize standard = new MultiNormalizerStandardize();
      standard.setFeatureStats(
          scales.stream()
              .map(
                  scale ->
                      new DistributionStats(
                          rowVector(scale.means(), dataType),
                          rowVector(scale.deviations(), dataType)))
              .toList());
      return standard;
    }
    MultiNormalizerMinMaxScaler scaler = new MultiNormalizerMinMaxScaler();
    scaler.setFeatureStats(
        scales.stream()
            .map(
                scale ->
                    new MinMaxStats(
                        rowVector(scale.least(), dataType), rowVector(scale.greatest(), dataType)))
            .toList());
    return scaler;
  }

  /**
   * Scales examples in place.
   *
   * @param inputs the features of each input; a normalizer of one scales the first only
   */
  static void transform(Normalizer<?> normalizer, List<INDArray> inputs) {
    if (normalizer instanceof DataNormalization one) {
      one.transform(inputs.get(0));
    } else if (normalizer instanceof MultiDataNormalization several) {
      several.preProcess(
          new MultiDataSet(inputs.toArray(INDArray[]::new), new INDArray[] {inputs.get(0)}));
    } else {
      throw new IllegalArgumentException(normalizer.getClass().getName());
    }
  }

  private static INDArray rowVector(List<Double> values, DataType dataType) {
    double[] numbers = values.stream().mapToDouble(Double::doubleValue).toArray();
    return Nd4j.createFromArray(numbers).castTo(dataType).reshape(1, numbers.length);
  }

  /** A normalizer in DL4J's own form, the one in which it is saved with a model. */
  static byte[] toBytes(Normalizer<?> normalizer) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      NormalizerSerializer.getDefault().write(normalizer, bytes);
      return bytes.toByteArray();
    } catch (Exception failure) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "the normalizer " + normalizer.getClass().getName() + " cannot be written",
          Where.nowhere(),
          "Use one of DL4J's own normalizers.",
          failure);
    }
  }

  /** What {@link #toBytes} made. */
  static Normalizer<?> fromBytes(byte[] bytes) {
    try {
      return NormalizerSerializer.getDefault().restore(new ByteArrayInputStream(bytes));
    } catch (Exception failure) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "the normalizer cannot be read",
          Where.nowhere(),
          "Use one of DL4J's own normalizers.",
          failure);
    }
  }
}
