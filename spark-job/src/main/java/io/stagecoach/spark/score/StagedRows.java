package io.stagecoach.spark.score;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.TensorFile;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.SequenceFile;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder in which rows wait while their features go through a pipeline: in {@code rows} a
 * sequence file for each partition, a record for each batch, whose key is the features as an Arrow
 * file and whose value the columns that are kept; in {@code predictions} a file of the same name,
 * with what the network puts out for each of these batches, in the same order.
 */
public final class StagedRows implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(StagedRows.class);
  private static final String ROWS = "rows";
  private static final String PREDICTIONS = "predictions";

  private final String folder;
  private final SerializableConfiguration hadoop;

  /**
   * @param folder does not exist yet; where all executors and the driver may write
   */
  public StagedRows(String folder, Configuration hadoop) {
    this.folder = folder;
    this.hadoop = new SerializableConfiguration(hadoop);
  }

  Configuration hadoop() {
    return hadoop.value();
  }

  Path rows() {
    return new Path(folder, ROWS);
  }

  /** The names of the files, one for each partition that there was. */
  List<String> names() {
    try {
      List<String> names = new ArrayList<>();
      for (FileStatus file : files().listStatus(rows())) {
        if (!file.getPath().getName().startsWith("_")) {
          names.add(file.getPath().getName());
        }
      }
      Collections.sort(names);
      return names;
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  SequenceFile.Reader readRows(String name) {
    return reader(new Path(rows(), name));
  }

  SequenceFile.Reader readPredictions(String name) {
    return reader(new Path(new Path(folder, PREDICTIONS), name));
  }

  SequenceFile.Writer writePredictions(String name) {
    try {
      return SequenceFile.createWriter(
          hadoop(),
          SequenceFile.Writer.file(
              files().makeQualified(new Path(new Path(folder, PREDICTIONS), name))),
          SequenceFile.Writer.keyClass(BytesWritable.class),
          SequenceFile.Writer.valueClass(BytesWritable.class));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private SequenceFile.Reader reader(Path file) {
    try {
      return new SequenceFile.Reader(
          hadoop(), SequenceFile.Reader.file(files().makeQualified(file)));
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  /** Removes the folder with all that is in it. */
  public void delete() {
    try {
      files().delete(new Path(folder), true);
    } catch (IOException e) {
      LOG.warn("Could not remove {}: {}", folder, e.toString());
    }
  }

  /** The tensors of a record, for the caller to close. */
  static Tensors tensors(BytesWritable bytes) throws IOException {
    return TensorFile.read(
        new ByteArrayInputStream(bytes.getBytes(), 0, bytes.getLength()), bytes.getLength());
  }

  /** Closes one of the files. */
  void close(Closeable file) {
    try {
      file.close();
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  StagecoachException unusable(IOException cause) {
    return new StagecoachException(
        ErrorKind.OUTPUT,
        "The folder of rows on their way, " + folder + ", cannot be used: " + cause.getMessage(),
        Where.nowhere(),
        "Set spark.stagecoach.batchStore.path to where the driver and every executor may write.",
        cause);
  }

  private FileSystem files() throws IOException {
    return new Path(folder).getFileSystem(hadoop());
  }
}
