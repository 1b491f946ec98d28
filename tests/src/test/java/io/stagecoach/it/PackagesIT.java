package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job by its coordinates: {@code spark-submit} fetches it from a Maven repository, here one in
 * a directory, and its executors get it from the driver.
 */
class PackagesIT {

  private static final Path REPOSITORY = StagecoachProcess.repository();

  @TempDir private Path directory;
  private Path jar;
  private String version;

  @BeforeEach
  void find() throws IOException {
    jar = Built.jar();
    version = jar.getFileName().toString().replaceAll("stagecoach-(.*)\\.jar", "$1");
  }

  /** What {@code mvn install} leaves, for one artifact. */
  private Path mavenRepository() throws IOException {
    Path repository = directory.resolve("repository");
    Path folder =
        Files.createDirectories(repository.resolve("io/stagecoach/stagecoach/" + version));
    Files.createSymbolicLink(folder.resolve(jar.getFileName()), jar);
    Files.writeString(
        folder.resolve("stagecoach-" + version + ".pom"),
        """
        <project>
          <modelVersion>4.0.0</modelVersion>
          <groupId>io.stagecoach</groupId>
          <artifactId>stagecoach</artifactId>
          <version>%s</version>
        </project>
        """
            .formatted(version));
    return repository;
  }

  /** Nothing is fetched from anywhere else. */
  private Path ivySettings() throws IOException {
    return Files.writeString(
        directory.resolve("ivysettings.xml"),
        """
        <ivysettings>
          <settings defaultResolver="only"/>
          <resolvers>
            <filesystem name="only" m2compatible="true">
              <ivy pattern="%1$s/[organisation]/[module]/[revision]/[artifact]-[revision].pom"/>
              <artifact pattern="%1$s/[organisation]/[module]/[revision]/[artifact]-[revision].[ext]"/>
            </filesystem>
          </resolvers>
        </ivysettings>
        """
            .formatted(mavenRepository()));
  }

  private static void put(List<String> command, String key, Object value) {
    command.addAll(List.of("--conf", key + "=" + value));
  }

  private List<String> command(Path home) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(home.resolve("bin/spark-submit").toString());
    command.addAll(List.of("--class", "io.stagecoach.spark.job.Main"));
    command.addAll(List.of("--packages", "io.stagecoach:stagecoach:" + version));
    command.addAll(
        List.of("--properties-file", REPOSITORY.resolve("conf/quickstart.properties").toString()));
    put(command, "spark.jars.ivy", directory.resolve("ivy"));
    put(command, "spark.jars.ivySettings", ivySettings());
    put(command, "spark.driver.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    put(command, "spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
    put(command, "spark.driver.bindAddress", "127.0.0.1");
    put(command, "spark.local.dir", directory.resolve("local"));
    put(command, "spark.stagecoach.maxSteps", 2);
    put(
        command,
        "spark.stagecoach.data.path",
        REPOSITORY.resolve("notebooks-free-samples/data/road-journal.txt"));
    put(command, "spark.stagecoach.output.path", directory.resolve("out"));
    // Where a program of the user's would be: the class is in the packages.
    command.addAll(List.of("spark-internal", "train"));
    return command;
  }

  @Test
  void theJobRunsByItsCoordinates() throws Exception {
    Path home = Built.linkedSparkHome(directory);
    Path out = directory.resolve("out.log");
    Path err = directory.resolve("err.log");
    ProcessBuilder builder =
        new ProcessBuilder(command(home))
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_CONF_DIR", REPOSITORY.resolve("conf").toString());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    builder.environment().put("SPARK_LOCAL_HOSTNAME", "localhost");
    Process process = builder.start();
    try {
      assertThat(process.waitFor(4, TimeUnit.MINUTES)).as(Files.readString(err)).isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }

    assertThat(process.exitValue()).as(Files.readString(err)).isZero();
    assertThat(Files.readAllLines(out)).last().asString().contains("\"status\":\"succeeded\"");
    try (Stream<Path> fetched = Files.list(directory.resolve("ivy/jars"))) {
      assertThat(fetched.map(file -> file.getFileName().toString()))
          .containsExactly("io.stagecoach_stagecoach-" + version + ".jar");
    }
    try (Stream<Path> work = Files.walk(home.resolve("work"))) {
      assertThat(work.filter(file -> file.getFileName().toString().startsWith("io.stagecoach_")))
          .as("each executor has the jar from the driver")
          .hasSize(2);
    }
  }
}
