package io.stagecoach.spark.score;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.hadoop.io.BytesWritable;
import org.apache.spark.SparkEnv;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** The columns of rows that are kept, as bytes: as Spark itself saves objects in files. */
final class KeptRows {

  private static final ClassTag<Row[]> ROWS = ClassTag$.MODULE$.apply(Row[].class);

  private KeptRows() {}

  /**
   * @param kept how many columns, the first ones
   */
  static BytesWritable pack(List<Row> rows, int kept) {
    Row[] packed = new Row[rows.size()];
    for (int i = 0; i < packed.length; i++) {
      Object[] values = new Object[kept];
      for (int j = 0; j < kept; j++) {
        values[j] = rows.get(i).get(j);
      }
      packed[i] = RowFactory.create(values);
    }
    ByteBuffer bytes = serializer().serialize(packed, ROWS);
    byte[] array = new byte[bytes.remaining()];
    bytes.get(array);
    return new BytesWritable(array);
  }

  static List<Row> unpack(BytesWritable bytes) {
    return List.of(
        serializer().deserialize(ByteBuffer.wrap(bytes.getBytes(), 0, bytes.getLength()), ROWS));
  }

  private static SerializerInstance serializer() {
    return new JavaSerializer(SparkEnv.get().conf()).newInstance();
  }
}
