package io.stagecoach.spark.data;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Slice;
import io.stagecoach.tensor.TensorColumnFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Reads a whole store, byte for byte, without the reader that the stages use. */
final class StoreContents {

  private StoreContents() {}

  /** The examples of a column in stored order. */
  static List<List<Double>> rows(PreparedData data, Slice.Split split, String column)
      throws IOException {
    ColumnSpec spec = data.manifest().column(column).orElseThrow();
    List<List<Double>> rows = new ArrayList<>();
    for (ChunkInfo chunk : data.manifest().chunks().get(split)) {
      byte[] file;
      try (InputStream in = data.storage().open(chunk.id() + "/" + column + ".arrow")) {
        file = in.readAllBytes();
      }
      int width = spec.rowElements();
      long bytes = TensorColumnFile.dataBytes(spec.type().dataType(), (long) chunk.rows() * width);
      ByteBuffer values =
          ByteBuffer.wrap(file)
              .order(ByteOrder.LITTLE_ENDIAN)
              .position(TensorColumnFile.dataOffset(file, bytes));
      for (int i = 0; i < chunk.rows(); i++) {
        List<Double> row = new ArrayList<>();
        for (int j = 0; j < width; j++) {
          row.add(
              switch (spec.type()) {
                case FLOAT32 -> (double) values.getFloat();
                case FLOAT64 -> values.getDouble();
                case INT32 -> (double) values.getInt();
                case INT64, UINT8, BOOL -> throw new AssertionError(spec.type());
              });
        }
        rows.add(row);
      }
    }
    return rows;
  }

  /** Features and label of each example as one list. */
  static List<List<Double>> examples(PreparedData data, Slice.Split split) throws IOException {
    List<List<Double>> features = rows(data, split, "features");
    List<List<Double>> labels = rows(data, split, "labels");
    List<List<Double>> examples = new ArrayList<>();
    for (int i = 0; i < features.size(); i++) {
      List<Double> example = new ArrayList<>(features.get(i));
      example.addAll(labels.get(i));
      examples.add(example);
    }
    return examples;
  }
}
