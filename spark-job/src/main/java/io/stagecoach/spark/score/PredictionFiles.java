package io.stagecoach.spark.score;

import io.stagecoach.tensor.TensorFile;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.io.BytesWritable;
import org.apache.hadoop.io.SequenceFile;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Writes what the network puts out for the batches of {@link StagedBatches}, in their order. */
public final class PredictionFiles implements AutoCloseable {

  private static final BytesWritable NO_KEY = new BytesWritable();

  private final StagedRows staged;
  private String name = "";
  private SequenceFile.Writer current;

  /** Nothing is written yet. */
  public PredictionFiles(StagedRows staged) {
    this.staged = staged;
  }

  /**
   * Writes down a batch's.
   *
   * @param file of which file the batch is
   * @param outputs of each output of the network, in DL4J's order; borrowed
   */
  public void add(String file, List<INDArray> outputs) {
    try {
      if (!file.equals(name)) {
        close();
        current = staged.writePredictions(file);
        name = file;
      }
      Map<String, INDArray> named = new LinkedHashMap<>();
      outputs.forEach(output -> named.put(String.valueOf(named.size()), output));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      TensorFile.write(bytes, Tensors.viewsOf(named, () -> {}));
      current.append(NO_KEY, new BytesWritable(bytes.toByteArray()));
    } catch (IOException e) {
      throw staged.unusable(e);
    }
  }

  @Override
  public void close() {
    if (current != null) {
      Closeable last = current;
      current = null;
      staged.close(last);
    }
  }
}
