package io.stagecoach.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The job in a Maven repository, here one in a directory, as {@code mvn install} leaves it; who
 * submits it has nothing of it but its coordinates.
 */
final class PublishedJob {

  private static final Path REPOSITORY = StagecoachProcess.repository();

  private final Path directory;
  private final String version;
  private final Path ivySettings;

  /** Publishes what the build has made in this directory, which must be there. */
  PublishedJob(Path directory) throws IOException {
    this.directory = directory;
    Path jar = Built.jar();
    this.version = jar.getFileName().toString().replaceAll("stagecoach-(.*)\\.jar", "$1");
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
    // Nothing is fetched from anywhere else.
    this.ivySettings =
        Files.writeString(
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
                .formatted(repository));
  }

  /** The name of its jar as Spark fetches it. */
  String fetchedJar() {
    return "io.stagecoach_stagecoach-" + version + ".jar";
  }

  /** The jars that whoever submitted it has fetched. */
  List<String> fetched() throws IOException {
    try (Stream<Path> jars = Files.list(directory.resolve("ivy/jars"))) {
      return jars.map(file -> file.getFileName().toString()).toList();
    }
  }

  /**
   * Trains by {@code spark-submit} with its coordinates and these settings.
   *
   * @param sparkHome whose {@code spark-submit}
   * @param environment what it has beside Spark's own variables
   */
  StagecoachProcess train(
      Workshop workshop,
      Path sparkHome,
      Map<String, String> settings,
      Map<String, String> environment) {
    Map<String, String> all = new TreeMap<>(settings);
    all.put("spark.jars.ivy", directory.resolve("ivy").toString());
    all.put("spark.jars.ivySettings", ivySettings.toString());
    Map<String, String> variables = new TreeMap<>(environment);
    variables.put("SPARK_HOME", sparkHome.toString());
    variables.put("SPARK_CONF_DIR", REPOSITORY.resolve("conf").toString());
    variables.put("SPARK_LOCAL_IP", "127.0.0.1");
    variables.put("SPARK_LOCAL_HOSTNAME", "localhost");
    return StagecoachProcess.start(
        workshop.directory(),
        sparkHome.resolve("bin/spark-submit"),
        List.of(
            "--class",
            "io.stagecoach.spark.job.Main",
            "--packages",
            "io.stagecoach:stagecoach:" + version,
            "--properties-file",
            workshop.properties("by-coordinates", all).toString(),
            // Where a program of the user's would be: the class is in the packages.
            "spark-internal",
            "train"),
        variables);
  }
}
