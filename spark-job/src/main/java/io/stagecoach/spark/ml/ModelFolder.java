package io.stagecoach.spark.ml;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import scala.Option;

/**
 * A model on disk: {@code metadata} as Spark ML writes it, and {@code network/model.zip}, which
 * DL4J, {@code score} and {@code train -- --from} read.
 */
final class ModelFolder extends MLWriter {

  private final StagecoachModel<?> model;

  ModelFolder(StagecoachModel<?> model) {
    this.model = model;
  }

  /** Where the network is. */
  static String network(String path) {
    return new Path(path, "network").toString();
  }

  @Override
  public void saveImpl(String path) {
    DefaultParamsWriter.saveMetadata(model, path, sc(), Option.empty(), Option.empty());
    Path file = new Path(network(path), "model.zip");
    try (OutputStream out =
        file.getFileSystem(sparkSession().sessionState().newHadoopConf()).create(file)) {
      model.network().writeTo(out);
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The model cannot be written to " + path + ": " + e.getMessage(),
          Where.nowhere(),
          "Check that the job may write there.",
          e);
    }
  }

  /** Reads what was written. */
  static final class Reader<M extends StagecoachModel<M>> extends MLReader<M> {

    private final Class<M> type;
    private final Function<String, M> factory;

    /**
     * @param factory makes a model of a uid
     */
    Reader(Class<M> type, Function<String, M> factory) {
      this.type = type;
      this.factory = factory;
    }

    @Override
    public M load(String path) {
      DefaultParamsReader.Metadata metadata =
          DefaultParamsReader.loadMetadata(path, sc(), type.getName());
      M model = factory.apply(metadata.uid());
      metadata.getAndSetParams(model, Option.empty());
      return model.open(path, sparkSession().sessionState().newHadoopConf());
    }
  }
}
