package io.stagecoach.spark.data;

import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Chunks of a text's windows: its tokens, int32 [rows, time], and as labels the next tokens.
 * Windows come whole or in fragments, one behind another.
 *
 * @param length how many tokens a window has
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
    private int[] begun = new int[length + 1];
    private int filled;
    private long window;

    @Override
    public void add(InternalRow row) {
      int from = row.getInt(TextRows.FROM);
      if (from != filled || (from > 0 && row.getLong(TextRows.WINDOW) != window)) {
        throw DataErrors.data(
            "an example of the text is not whole", "Do not change the text while it is read.");
      }
      int[] tokens = TextRows.tokens(row.getBinary(TextRows.TOKENS));
      System.arraycopy(tokens, 0, begun, filled, tokens.length);
      window = row.getLong(TextRows.WINDOW);
      filled += tokens.length;
      if (filled == begun.length) {
        windows.add(begun);
        begun = new int[length + 1];
        filled = 0;
      }
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
      int[] tokens = new int[Math.multiplyExact(windows.size(), length)];
      for (int i = 0; i < windows.size(); i++) {
        System.arraycopy(windows.get(i), first, tokens, i * length, length);
      }
      return tokens;
    }
  }
}
