package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputDirectoryTest {

  @TempDir Path root;
  @TempDir Path results;

  @BeforeEach
  void writeResults() throws IOException {
    Files.writeString(results.resolve("model.zip"), "new");
  }

  private OutputDirectory open(String path, boolean overwrite) {
    return OutputDirectory.open(path, overwrite, new Configuration());
  }

  private List<String> names(Path directory) throws IOException {
    try (var children = Files.list(directory)) {
      return children.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void appearsWholeAndLeavesNothingBeside() throws IOException {
    OutputDirectory output = open(root.resolve("a/b/out").toString(), false);
    assertThat(names(root.resolve("a/b"))).isEmpty();
    output.commit(results);
    assertThat(names(root.resolve("a/b"))).containsExactly("out");
    assertThat(names(root.resolve("a/b/out"))).containsExactly("model.zip");
    assertThat(root.resolve("a/b/out/model.zip")).hasContent("new");
  }

  @Test
  void refusesWhatIsThereUnlessItMayBeReplaced() throws IOException {
    Path out = Files.createDirectory(root.resolve("out"));
    Files.writeString(out.resolve("old.txt"), "old");
    assertThatThrownBy(() -> open(out.toString(), false))
        .hasMessageContaining("exists")
        .hasMessageContaining("spark.stagecoach.output.overwrite")
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT));
    open(out.toString(), true).commit(results);
    assertThat(names(out)).containsExactly("model.zip");
    assertThat(names(root)).containsExactly("out");
  }

  @Test
  void whatAppearedMeanwhileIsNotReplaced() throws IOException {
    Path out = root.resolve("out");
    OutputDirectory output = open(out.toString(), false);
    Files.createDirectory(out);
    assertThatThrownBy(() -> output.commit(results)).isInstanceOf(StagecoachException.class);
    assertThat(names(root)).containsExactly("out");
    assertThat(names(out)).isEmpty();
  }

  @Test
  void saysWhereNothingCanBeWritten() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "x");
    assertThatThrownBy(() -> open(file.resolve("out").toString(), false))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT));
    assertThatThrownBy(() -> open("nosuchscheme://x/y", false))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT));
  }
}
