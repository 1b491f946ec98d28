package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Chunks of a text's windows: the ids of its characters, int32 [rows, time], and as labels the ids
 * of the next characters.
 *
 * @param length how many characters a window has
 */
record TextChunks(int length) implements ChunkFormat {

  @Override
  public List<ColumnSpec> columns() {
    return List.of(features(), labels());
  }

  private ColumnSpec features() {
    return ColumnSpec.sequence(Columns.FEATURES, ColumnSpec.Type.INT32, length);
  }

  private ColumnSpec labels() {
    return ColumnSpec.sequence(Columns.LABELS, ColumnSpec.Type.INT32, length);
  }

  @Override
  public Builder builder() {
    return new TextBuilder();
  }

  private final class TextBuilder implements Builder {

    private final List<int[]> windows = new ArrayList<>();

    @Override
    public void add(InternalRow row) {
      windows.add(TextRows.ids(row.getBinary(TextRows.IDS)));
    }

    @Override
    public int rows() {
      return windows.size();
    }

    @Override
    public List<ColumnData> take() {
      List<ColumnData> columns =
          List.of(ColumnData.of(features(), from(0)), ColumnData.of(labels(), from(1)));
      windows.clear();
      return columns;
    }

    private int[] from(int first) {
      int[] ids = new int[Math.multiplyExact(windows.size(), length)];
      for (int i = 0; i < windows.size(); i++) {
        System.arraycopy(windows.get(i), first, ids, i * length, length);
      }
      return ids;
    }
  }
}
