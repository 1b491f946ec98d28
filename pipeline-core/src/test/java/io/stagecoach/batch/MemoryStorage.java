package io.stagecoach.batch;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A storage in memory, which counts. */
public final class MemoryStorage implements ChunkStorage {

  private static final long serialVersionUID = 1L;

  public final ConcurrentSkipListMap<String, byte[]> files = new ConcurrentSkipListMap<>();
  final AtomicInteger opened = new AtomicInteger();

  @Override
  public InputStream open(String name) throws FileNotFoundException {
    opened.incrementAndGet();
    byte[] bytes = files.get(name);
    if (bytes == null) {
      throw new FileNotFoundException(name);
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public OutputStream create(String name) {
    return new ByteArrayOutputStream() {
      @Override
      public void close() {
        files.put(name, toByteArray());
      }
    };
  }

  @Override
  public boolean exists(String name) {
    return files.containsKey(name);
  }

  @Override
  public List<String> list(String folder) {
    return files.keySet().stream().filter(n -> n.startsWith(folder + "/")).toList();
  }

  @Override
  public void delete(String name) {
    files.remove(name);
    list(name).forEach(files::remove);
  }

  @Override
  public void rename(String from, String to) {
    files.put(to, files.remove(from));
  }

  @Override
  public String toString() {
    return "memory";
  }
}
