package io.stagecoach.model.gpt.cpu;

import java.util.Arrays;

/**
 * Between the panels of {@link CausalBlocks}, keys by queries, and whole squares, queries by keys.
 */
final class PanelTransposition {

  private final CausalBlocks blocks;
  private final float[] panel;
  private final float[] rows;

  PanelTransposition(CausalBlocks blocks) {
    this.blocks = blocks;
    this.panel = new float[blocks.panelLength()];
    this.rows = new float[blocks.panelLength()];
  }

  /**
   * Writes squares, 0 above the diagonal.
   *
   * @param squares [heads, time, time]
   */
  void toSquares(Floats panels, Floats squares, int heads) {
    for (int head = 0; head < heads; head++) {
      for (int block = 0; block < blocks.count(); block++) {
        panels.read(
            head * blocks.headLength() + blocks.start(block),
            panel,
            blocks.keys(block) * blocks.stride());
        Arrays.fill(rows, 0);
        for (int query = 0; query < blocks.queries(block); query++) {
          int seen = blocks.firstQuery(block) + query + 1;
          for (int key = 0; key < seen; key++) {
            rows[query * blocks.time() + key] = panel[key * blocks.stride() + query];
          }
        }
        squares.write(squareRows(head, block), rows, blocks.queries(block) * blocks.time());
      }
    }
  }

  /** Writes panels, 0 where a key is after its query. */
  void toPanels(Floats squares, Floats panels, int heads) {
    for (int head = 0; head < heads; head++) {
      for (int block = 0; block < blocks.count(); block++) {
        squares.read(squareRows(head, block), rows, blocks.queries(block) * blocks.time());
        Arrays.fill(panel, 0);
        for (int query = 0; query < blocks.queries(block); query++) {
          int seen = blocks.firstQuery(block) + query + 1;
          for (int key = 0; key < seen; key++) {
            panel[key * blocks.stride() + query] = rows[query * blocks.time() + key];
          }
        }
        panels.write(
            head * blocks.headLength() + blocks.start(block),
            panel,
            blocks.keys(block) * blocks.stride());
      }
    }
  }

  private long squareRows(int head, int block) {
    return ((long) head * blocks.time() + blocks.firstQuery(block)) * blocks.time();
  }
}
