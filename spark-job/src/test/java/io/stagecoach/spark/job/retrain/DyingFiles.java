package io.stagecoach.spark.job.retrain;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The files of a process that dies with one of its operations: half of what it was writing is
 * there, and from then on it does nothing any more.
 */
final class DyingFiles implements FolderFiles {

  private final FolderFiles files;
  private long left;

  DyingFiles(FolderFiles files, long operations) {
    this.files = files;
    this.left = operations;
  }

  boolean isDead() {
    return left <= 0;
  }

  /** The process dies now. */
  void die() {
    left = 0;
  }

  private void operation() throws IOException {
    if (left > 0) {
      left--;
    }
    if (left <= 0) {
      throw new IOException("dead");
    }
  }

  private static byte[] half(byte[] content) {
    return Arrays.copyOf(content, content.length / 2);
  }

  @Override
  public Optional<byte[]> read(String name) throws IOException {
    operation();
    return files.read(name);
  }

  @Override
  public void write(String name, byte[] content) throws IOException {
    boolean last = left == 1;
    if (last) {
      files.write(name, half(content));
    }
    operation();
    files.write(name, content);
  }

  @Override
  public void createNew(String name, byte[] content) throws IOException {
    boolean last = left == 1;
    if (last) {
      files.createNew(name, half(content));
    }
    operation();
    files.createNew(name, content);
  }

  @Override
  public void rename(String from, String to) throws IOException {
    operation();
    files.rename(from, to);
  }

  @Override
  public List<Entry> list(String folder) throws IOException {
    operation();
    return files.list(folder);
  }

  @Override
  public void delete(String name) throws IOException {
    operation();
    files.delete(name);
  }

  @Override
  public String path(String name) {
    return files.path(name);
  }
}
