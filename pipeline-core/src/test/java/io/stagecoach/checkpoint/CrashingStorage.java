package io.stagecoach.checkpoint;

import io.stagecoach.batch.ChunkStorage;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.TreeMap;

/**
 * A storage in memory that dies after so many operations or written bytes: from then on everything
 * fails, and what was written of a file is there.
 */
final class CrashingStorage implements ChunkStorage {

  private static final long serialVersionUID = 1L;

  final TreeMap<String, byte[]> files = new TreeMap<>();
  long operations;
  long bytes;
  private long operationsLeft = Long.MAX_VALUE;
  private long bytesLeft = Long.MAX_VALUE;

  /** Dies with the operation after so many. */
  CrashingStorage dieAfterOperations(long count) {
    operationsLeft = count;
    return this;
  }

  /** Dies with the byte after so many. */
  CrashingStorage dieAfterBytes(long count) {
    bytesLeft = count;
    return this;
  }

  /** The machine is up again; the files are as they were left. */
  void restart() {
    operationsLeft = Long.MAX_VALUE;
    bytesLeft = Long.MAX_VALUE;
  }

  private void operation() throws IOException {
    if (operationsLeft <= 0 || bytesLeft <= 0) {
      throw new IOException("dead");
    }
    operationsLeft--;
    operations++;
  }

  @Override
  public InputStream open(String name) throws IOException {
    operation();
    byte[] content = files.get(name);
    if (content == null) {
      throw new FileNotFoundException(name);
    }
    return new ByteArrayInputStream(content);
  }

  @Override
  public OutputStream create(String name) throws IOException {
    operation();
    files.put(name, new byte[0]);
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] from, int offset, int length) throws IOException {
        int now = (int) Math.min(length, Math.max(0, bytesLeft));
        byte[] before = files.get(name);
        byte[] after = java.util.Arrays.copyOf(before, before.length + now);
        System.arraycopy(from, offset, after, before.length, now);
        files.put(name, after);
        bytesLeft -= now;
        bytes += now;
        if (now < length) {
          bytesLeft = 0;
          throw new IOException("dead");
        }
      }

      @Override
      public void close() throws IOException {
        operation();
      }
    };
  }

  @Override
  public boolean exists(String name) throws IOException {
    operation();
    return files.containsKey(name)
        || files.keySet().stream().anyMatch(f -> f.startsWith(name + "/"));
  }

  @Override
  public List<String> list(String folder) throws IOException {
    operation();
    return files.keySet().stream()
        .filter(name -> folder.isEmpty() || name.startsWith(folder + "/"))
        .toList();
  }

  /** A folder goes file by file: the storage may die in between. */
  @Override
  public void delete(String name) throws IOException {
    operation();
    for (String file : List.copyOf(files.keySet())) {
      if (name.isEmpty() || file.equals(name) || file.startsWith(name + "/")) {
        operation();
        files.remove(file);
      }
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    operation();
    byte[] content = files.remove(from);
    if (content == null) {
      throw new FileNotFoundException(from);
    }
    files.put(to, content);
  }

  @Override
  public String toString() {
    return "memory";
  }
}
