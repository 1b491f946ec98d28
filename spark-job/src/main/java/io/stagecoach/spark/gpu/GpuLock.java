package io.stagecoach.spark.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * That a process of a host has a GPU, for all others of the host to see: a lock on a file, which
 * the system takes back when the process ends, however it does. The files stay; to delete one that
 * another process is about to lock would let two have it.
 */
final class GpuLock implements AutoCloseable {

  /**
   * The files that this process has locked. To open and close one of them once more would end its
   * lock: the system counts them by process.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final String address;
  private final Path file;
  private final FileChannel channel;

  private GpuLock(String address, Path file, FileChannel channel) {
    this.address = address;
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the first GPU that nobody has.
   *
   * @param folder where the files are, the same for all of the host
   * @param addresses of all its GPUs
   * @return the lock; empty where all are taken
   * @throws UncheckedIOException where the files cannot be written
   */
  static Optional<GpuLock> first(Path folder, List<String> addresses) {
    try {
      Files.createDirectories(folder);
      openToAll(folder, "rwxrwxrwx");
      for (String address : addresses) {
        Optional<GpuLock> lock = take(folder, address);
        if (lock.isPresent()) {
          return lock;
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Optional<GpuLock> take(Path folder, String address) throws IOException {
    Path file = folder.toRealPath().resolve(address.replaceAll("[^-A-Za-z0-9._]", "_") + ".lock");
    if (!HELD.add(file)) {
      return Optional.empty();
    }
    FileChannel channel = null;
    FileLock lock = null;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      openToAll(file, "rw-rw-rw-");
      lock = channel.tryLock();
      return lock == null ? Optional.empty() : Optional.of(new GpuLock(address, file, channel));
    } finally {
      if (lock == null) {
        if (channel != null) {
          channel.close();
        }
        HELD.remove(file);
      }
    }
  }

  /** Executors of several users share a host's GPUs; whoever comes second may not change this. */
  private static void openToAll(Path path, String permissions) {
    try {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    } catch (IOException | UnsupportedOperationException e) {
      // Who made it has done so.
    }
  }

  String address() {
    return address;
  }

  /** Gives the GPU back. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      HELD.remove(file);
    }
  }
}
