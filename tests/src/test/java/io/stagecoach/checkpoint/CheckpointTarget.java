package io.stagecoach.checkpoint;

import io.stagecoach.batch.MemoryStorage;
import io.stagecoach.checkpoint.CheckpointManifest.FileSum;
import io.stagecoach.fuzz.FuzzTarget;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A checkpoint's folder in which one file is what the input says: its first byte says which, the
 * rest is in it. The manifest fits it, but where it is the manifest itself.
 */
public final class CheckpointTarget implements FuzzTarget {

  private static final List<String> FILES =
      List.of(
          CheckpointFolder.MANIFEST,
          CheckpointFolder.WEIGHTS,
          CheckpointFolder.UPDATER,
          CheckpointFolder.MODEL,
          CheckpointFolder.RUN);

  private static final String CHECK = "\"check\" : \"";
  private static final String NO_CHECK = "00000000";

  private final Map<String, byte[]> good;

  /** A folder with a good checkpoint. */
  public CheckpointTarget() {
    MemoryStorage folder = new MemoryStorage();
    try (Checkpoint checkpoint = Checkpoints.at(17)) {
      new CheckpointFolder(folder, "").write(checkpoint, 1_000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    good = Map.copyOf(folder.files);
  }

  @Override
  public String name() {
    return "checkpoint";
  }

  @Override
  public String toString() {
    return name();
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int file = 0; file < FILES.size(); file++) {
      byte[] content = good.get(FILES.get(file));
      byte[] seed = new byte[content.length + 1];
      seed[0] = (byte) file;
      System.arraycopy(content, 0, seed, 1, content.length);
      seeds.add(seed);
    }
    return seeds;
  }

  @Override
  public List<String> words() {
    return List.of("\"format\"", "\"files\"", "\"bytes\"", "\"crc32c\"", "null", CHECK, "\"plan\"");
  }

  @Override
  public boolean allows(Throwable thrown) {
    return thrown instanceof IOException;
  }

  /** Where the manifest is the input, its own checksum; elsewhere the manifest is made to fit. */
  @Override
  public byte[] summed(byte[] input) {
    if (input.length == 0 || fileOf(input) != 0) {
      return input;
    }
    String text = new String(input, 1, input.length - 1, StandardCharsets.ISO_8859_1);
    int from = text.lastIndexOf(CHECK) + CHECK.length();
    if (from < CHECK.length() || from + NO_CHECK.length() > text.length()) {
      return input;
    }
    String zero = text.substring(0, from) + NO_CHECK + text.substring(from + NO_CHECK.length());
    CRC32C crc = new CRC32C();
    crc.update(zero.getBytes(StandardCharsets.ISO_8859_1));
    String check = String.format(Locale.ROOT, "%08x", crc.getValue());
    byte[] summed = input.clone();
    System.arraycopy(
        check.getBytes(StandardCharsets.US_ASCII), 0, summed, 1 + from, check.length());
    return summed;
  }

  private static int fileOf(byte[] input) {
    return Math.floorMod(input[0], FILES.size());
  }

  @Override
  public void read(byte[] input) throws IOException {
    MemoryStorage storage = new MemoryStorage();
    Map<String, byte[]> files = storage.files;
    files.putAll(good);
    if (input.length > 0) {
      byte[] content = new byte[input.length - 1];
      System.arraycopy(input, 1, content, 0, content.length);
      String file = FILES.get(fileOf(input));
      files.put(file, content);
      if (fileOf(input) != 0) {
        files.put(CheckpointFolder.MANIFEST, manifestOf(files));
      }
    }
    try (Checkpoint read = new CheckpointFolder(storage, "").read()) {
      look(read.weights());
      look(read.updaterState());
    }
  }

  private static void look(Tensors tensors) {
    for (INDArray array : tensors.asMap().values()) {
      if (!array.isEmpty()) {
        array.getDouble(array.length() - 1);
      }
    }
  }

  private static byte[] manifestOf(Map<String, byte[]> files) {
    Map<String, FileSum> sums = new TreeMap<>();
    files.forEach(
        (name, bytes) -> {
          if (!name.equals(CheckpointFolder.MANIFEST)) {
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            sums.put(name, new FileSum(bytes.length, crc.getValue()));
          }
        });
    return CheckpointManifest.of(1_000, sums).write();
  }
}
