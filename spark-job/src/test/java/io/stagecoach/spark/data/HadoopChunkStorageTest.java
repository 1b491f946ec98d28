package io.stagecoach.spark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.ChunkStorage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HadoopChunkStorageTest {

  @TempDir Path folder;
  private ChunkStorage storage;

  @BeforeEach
  void open() throws Exception {
    storage =
        copy(
            new HadoopChunkStorage(
                new org.apache.hadoop.fs.Path(folder.toUri()), new Configuration(false)));
  }

  @Test
  void readsWhatItWrote() throws Exception {
    write("a/b/c", "one");

    assertThat(read("a/b/c")).isEqualTo("one");
    assertThat(storage.exists("a/b/c")).isTrue();
    assertThat(storage.exists("a/b")).isTrue();
    assertThat(storage.exists("a/c")).isFalse();
    assertThatThrownBy(() -> storage.open("a/c")).isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void listsFilesBelowAFolder() throws Exception {
    write("a/2", "");
    write("a/1/x", "");
    write("b", "");

    assertThat(storage.list("a")).containsExactly("a/1/x", "a/2");
    assertThat(storage.list("")).containsExactly("a/1/x", "a/2", "b");
    assertThat(storage.list("none")).isEmpty();
  }

  @Test
  void replacesByRenaming() throws Exception {
    write("new", "new");
    write("old/x", "old");

    storage.rename("new", "old/x");

    assertThat(read("old/x")).isEqualTo("new");
    assertThat(storage.list("")).containsExactly("old/x");
    assertThatThrownBy(() -> storage.rename("none", "old/x"))
        .isInstanceOf(FileNotFoundException.class);
    assertThat(read("old/x")).isEqualTo("new");
  }

  @Test
  void deletesFilesAndFolders() throws Exception {
    write("a/1", "");
    write("a/2/x", "");
    write("b", "");

    storage.delete("a");
    storage.delete("none");

    assertThat(storage.list("")).containsExactly("b");
    storage.delete("");
    assertThat(storage.list("")).isEmpty();
  }

  @Test
  void staysWithinItsFolder() {
    assertThatThrownBy(() -> storage.create("a/../../x"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.open("/etc/hosts"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private void write(String name, String text) throws IOException {
    try (OutputStream out = storage.create(name)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private String read(String name) throws IOException {
    try (InputStream in = storage.open(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static ChunkStorage copy(ChunkStorage storage) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(storage);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (ChunkStorage) in.readObject();
    }
  }
}
