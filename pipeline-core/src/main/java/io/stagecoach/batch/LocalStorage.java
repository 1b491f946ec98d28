package io.stagecoach.batch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder of the local file system, or of one that is mounted everywhere. */
public final class LocalStorage implements ChunkStorage {

  private static final long serialVersionUID = 1L;

  private final String root;

  public LocalStorage(Path root) {
    this.root = root.toAbsolutePath().normalize().toString();
  }

  @Override
  public InputStream open(String name) throws IOException {
    return Files.newInputStream(path(name));
  }

  @Override
  public OutputStream create(String name) throws IOException {
    Path path = path(name);
    Files.createDirectories(parent(path));
    return new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
  }

  @Override
  public boolean exists(String name) {
    return Files.exists(path(name));
  }

  @Override
  public List<String> list(String folder) throws IOException {
    Path start = path(folder);
    if (!Files.isDirectory(start)) {
      return List.of();
    }
    Path base = Path.of(root);
    try (Stream<Path> files = Files.walk(start)) {
      return files
          .filter(Files::isRegularFile)
          .map(f -> base.relativize(f).toString().replace('\\', '/'))
          .sorted()
          .toList();
    }
  }

  @Override
  public void delete(String name) throws IOException {
    Path start = path(name);
    if (!Files.exists(start)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> files = Files.walk(start)) {
      deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : deepestFirst) {
      Files.deleteIfExists(file);
    }
  }

  @Override
  public void rename(String from, String to) throws IOException {
    Path target = path(to);
    Files.createDirectories(parent(target));
    Files.move(
        path(from), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path path(String name) {
    Path base = Path.of(root);
    Path path = base.resolve(name).normalize();
    if (!path.startsWith(base)) {
      throw new IllegalArgumentException(name + " is outside of " + root);
    }
    return path;
  }

  private static Path parent(Path path) throws IOException {
    Path parent = path.getParent();
    if (parent == null) {
      throw new IOException(path + " has no folder");
    }
    return parent;
  }

  @Override
  public String toString() {
    return root;
  }
}
