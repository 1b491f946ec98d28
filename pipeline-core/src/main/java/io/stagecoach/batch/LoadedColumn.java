package io.stagecoach.batch;

/** A column of a chunk in memory. */
final class LoadedColumn {

  private final byte[] file;
  private final int dataOffset;

  LoadedColumn(byte[] file, int dataOffset) {
    this.file = file;
    this.dataOffset = dataOffset;
  }

  /** The file's bytes, not to be changed. */
  byte[] file() {
    return file;
  }

  /** Where in the file the first row's first element is. */
  int dataOffset() {
    return dataOffset;
  }
}
