package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.benchmarks.MisplacedTasks;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What happens to {@code exchange=shuffle} when Spark runs a stage's task on another executor,
 * because the stage's own is busy with another job of the application.
 */
@Isolated("Its Spark is in this process.")
class MisplacementIT {

  private static final Path REPOSITORY = Path.of("").toAbsolutePath().getParent();

  @TempDir Path directory;

  /** The launcher's first act is to build, where something is not built. */
  @BeforeAll
  static void build(@TempDir Path anywhere) {
    try (StagecoachProcess launcher =
        StagecoachProcess.start(anywhere, List.of("simulate", "--stages", "2"))) {
      assertThat(launcher.await(Duration.ofMinutes(10)).exitCode()).isZero();
    }
  }

  @Test
  void theStagesMoveAndTheWeightsAreTheSame() throws Exception {
    Path out = directory.resolve("out.log");
    Path err = directory.resolve("err.log");
    Path tests = packed();
    ProcessBuilder builder =
        new ProcessBuilder(command(tests))
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "SPARK_HOME", Built.linkedSparkHome(directory).toString(),
                "SPARK_SCALA_VERSION", "2.12",
                "SPARK_LOCAL_IP", "127.0.0.1",
                "SPARK_LOCAL_HOSTNAME", "localhost",
                "SPARK_LOCAL_DIRS", directory.resolve("local").toString()));
    Process process = builder.start();
    try {
      assertThat(process.waitFor(5, TimeUnit.MINUTES)).as(Files.readString(err)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      for (String part : Built.PARTS) {
        Files.delete(directory.resolve("spark-home").resolve(part));
      }
    }
    String said = Files.readString(out) + Files.readString(err);

    assertThat(process.exitValue()).as(said).isZero();
    assertThat(Files.readString(out).lines())
        .as(said)
        .contains("MOVED true, WEIGHTS identical", "KEPT MOVED true, WEIGHTS identical")
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith("NO ROOM CLUSTER: ")
                    .contains("Spark put the task", "spark.locality.wait"));
    assertThat(said)
        .contains("the step is run again where Spark has room")
        .contains("where its weights are not");
  }

  /** The tasks' classes as a jar: executors do not have this module's class path. */
  private Path packed() throws IOException {
    Path jar = directory.resolve("tests.jar");
    Path classes = Path.of("target/test-classes");
    try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(jar));
        Stream<Path> benchmarks = Files.walk(classes.resolve("io/stagecoach/benchmarks"));
        Stream<Path> others = Files.walk(classes.resolve("io/stagecoach/spark/job"))) {
      for (Path file : Stream.concat(benchmarks, others).filter(Files::isRegularFile).toList()) {
        to.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
        to.write(Files.readAllBytes(file));
      }
    }
    return jar;
  }

  private List<String> command(Path tests) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens"))
        .forEach(command::add);
    command.add("-Xmx1g");
    command.add("-Dlog4j2.configurationFile=" + REPOSITORY.resolve("conf/log4j2.properties"));
    command.add("-cp");
    command.add(
        String.join(
            File.pathSeparator,
            tests.toString(),
            Built.jar().toString(),
            Built.SPARK_HOME.resolve("jars") + "/*"));
    command.add(MisplacedTasks.class.getName());
    command.add(directory.toString());
    command.add(tests.toString());
    return command;
  }
}
