package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Normalization;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerMinMaxScaler;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.serializer.NormalizerSerializer;
import org.nd4j.linalg.factory.Nd4j;

/** DL4J's normalizers: made from statistics, and as bytes that travel to the executors. */
final class Normalizers {

  private Normalizers() {}

  /** The normalizer of these statistics; empty where features stay as they are. */
  static Optional<DataNormalization> fitted(
      Normalization kind, FeatureStatistics statistics, DataType dataType) {
    return switch (kind) {
      case NONE -> Optional.empty();
      case STANDARD ->
          Optional.of(
              new NormalizerStandardize(
                  rowVector(statistics.means(), dataType),
                  rowVector(statistics.deviations(), dataType)));
      case MIN_MAX -> {
        NormalizerMinMaxScaler scaler = new NormalizerMinMaxScaler();
        scaler.setFeatureStats(
            rowVector(statistics.least(), dataType), rowVector(statistics.greatest(), dataType));
        yield Optional.of(scaler);
      }
    };
  }

  private static INDArray rowVector(double[] values, DataType dataType) {
    return Nd4j.createFromArray(values).castTo(dataType).reshape(1, values.length);
  }

  /** A normalizer in DL4J's own form, the one in which it is saved with a model. */
  static byte[] toBytes(DataNormalization normalizer) {
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
  static DataNormalization fromBytes(byte[] bytes) {
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
