package io.stagecoach.fuzz;

import io.stagecoach.batch.ChunkStorage;
import io.stagecoach.batch.ManifestFile;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The batch store's manifest. */
final class ManifestTarget implements FuzzTarget {

  private static final String MANIFEST =
      """
      {"format":1,"fingerprint":"f","seed":7,
       "columns":[{"name":"x","type":"FLOAT32","rowShape":[3],"timeAxis":false}],
       "chunks":{"TRAINING":[{"id":"a","rows":2,"files":{"x":{"bytes":100,"crc32c":5}}}],
                 "VALIDATION":[]},
       "metadata":{"k":"v"}}
      """;

  @Override
  public String name() {
    return "manifest";
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(MANIFEST.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public List<String> words() {
    return List.of("\"format\"", "\"columns\"", "\"chunks\"", "TRAINING", "VALIDATION", "\"rows\"");
  }

  @Override
  public void read(byte[] input) {
    ManifestFile.read(new Stored(input));
  }

  /** One file, whatever it is called. */
  private static final class Stored implements ChunkStorage {
    private static final long serialVersionUID = 1L;

    private final byte[] bytes;

    Stored(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public InputStream open(String name) {
      return new ByteArrayInputStream(bytes);
    }

    @Override
    public OutputStream create(String name) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean exists(String name) {
      return true;
    }

    @Override
    public List<String> list(String folder) {
      return List.of();
    }

    @Override
    public void delete(String name) {}

    @Override
    public void rename(String from, String to) {}

    @Override
    public String toString() {
      return "memory";
    }
  }
}
