package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.yarn.api.records.ApplicationId;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;

/**
 * YARN with HDFS on this machine, {@link HadoopDaemons} in a process of their own, and its clients.
 * The daemons end on close, and so does all that they started.
 */
public final class YarnCluster implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** The machine's own name need not resolve. What YARN starts inherits it. */
  private static final Map<String, String> LOOPBACK =
      Map.of("SPARK_LOCAL_IP", "127.0.0.1", "SPARK_LOCAL_HOSTNAME", "localhost");

  private final Path directory;
  private final Process daemons;
  private FileSystem files;
  private YarnClient client;

  private YarnCluster(Path directory, Process daemons) {
    this.directory = directory;
    this.daemons = daemons;
  }

  /** Starts the cluster, which keeps all its files in this directory. */
  @SuppressWarnings("resource") // The caller closes it.
  public static YarnCluster start(Path directory) throws IOException {
    Files.createDirectories(directory.resolve("tmp"));
    Files.writeString(
        directory.resolve("log4j2.properties"),
        """
        rootLogger.level = info
        rootLogger.appenderRef.console.ref = console
        appender.console.type = Console
        appender.console.name = console
        appender.console.target = SYSTEM_ERR
        appender.console.layout.type = PatternLayout
        appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n
        """);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("-Djava.io.tmpdir=" + directory.resolve("tmp"));
    command.add("-Djdk.net.hosts.file=" + hosts(directory));
    command.add("-Dlog4j2.configurationFile=" + directory.resolve("log4j2.properties"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(HadoopDaemons.class.getName(), directory.toString()));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("daemons.log").toFile());
    builder.environment().putAll(LOOPBACK);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return new YarnCluster(directory, builder.start());
  }

  /** Hadoop's servers look up the name of their machine, which no resolver need know. */
  private static Path hosts(Path directory) throws IOException {
    String name = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    return Files.writeString(directory.resolve("hosts"), "127.0.0.1 localhost " + name + "\n");
  }

  /** Waits until it can be used. */
  public void await() throws IOException {
    Awaiting.await(
        PATIENCE,
        () -> {
          assertThat(daemons.isAlive()).as("the daemons' log:%n%s", log()).isTrue();
          return Files.isDirectory(configuration());
        });
    Configuration known = new Configuration();
    known.addResource(new org.apache.hadoop.fs.Path(configuration() + "/core-site.xml"));
    known.addResource(new org.apache.hadoop.fs.Path(configuration() + "/yarn-site.xml"));
    files = FileSystem.newInstance(known);
    client = YarnClient.createYarnClient();
    client.init(new YarnConfiguration(known));
    client.start();
  }

  /** By what its clients find it. */
  Map<String, String> clientEnvironment() {
    return Map.of("HADOOP_CONF_DIR", configuration().toString());
  }

  private Path configuration() {
    return directory.resolve("conf");
  }

  /**
   * What an application of two executors sets to run here, beside its memory.
   *
   * @param name of the application
   * @param deployMode {@code client} or {@code cluster}
   */
  public Map<String, String> settings(String name, String deployMode) {
    Map<String, String> settings = new TreeMap<>();
    settings.put("spark.app.name", name);
    settings.put("spark.master", "yarn");
    settings.put("spark.submit.deployMode", deployMode);
    settings.put("spark.executor.instances", "2");
    settings.put("spark.yarn.jars", "local:" + Built.SPARK_HOME.resolve("jars/*"));
    settings.put("spark.yarn.am.memory", "384m");
    // Containers do not have this environment.
    MatrixKernels.environment()
        .forEach(
            (variable, value) -> {
              settings.put("spark.yarn.appMasterEnv." + variable, value);
              settings.put("spark.executorEnv." + variable, value);
            });
    return settings;
  }

  /** Its distributed file system. */
  public FileSystem files() {
    return files;
  }

  /** Starts a subcommand as one of its clients. */
  public StagecoachProcess submit(Workshop workshop, String command, Map<String, String> settings) {
    Map<String, String> environment = new TreeMap<>(LOOPBACK);
    environment.putAll(clientEnvironment());
    // A file for each application: two may be under way.
    Path file = workshop.properties(settings.get("spark.app.name"), settings);
    return StagecoachProcess.start(
        workshop.directory(), List.of(command, "--properties-file", file.toString()), environment);
  }

  /** What YARN says of the application of this name. */
  ApplicationReport application(String name) {
    return find(name).orElseThrow(() -> new AssertionError("YARN knows no application " + name));
  }

  private Optional<ApplicationReport> find(String name) {
    try {
      return client.getApplications().stream()
          .filter(application -> application.getName().equals(name))
          .findFirst();
    } catch (IOException | YarnException e) {
      throw new AssertionError(e);
    }
  }

  /** The processes of an application's containers that run a class of this name. */
  List<ProcessHandle> containers(String application, String mainClass) {
    String id = application(application).getApplicationId().toString();
    return daemons
        .descendants()
        .filter(
            process -> {
              List<String> command = StagecoachProcess.entries(process, "cmdline");
              return command.stream().anyMatch(word -> word.endsWith("." + mainClass))
                  && command.stream().anyMatch(word -> word.contains(id));
            })
        .toList();
  }

  /** What the containers of the application of this name have written to one of their streams. */
  public String logs(String name, String stream) {
    return find(name).map(application -> logs(application.getApplicationId(), stream)).orElse("");
  }

  private String logs(ApplicationId application, String stream) {
    StringBuilder logs = new StringBuilder();
    for (int node = 0; node < HadoopDaemons.NODES; node++) {
      Path containers = HadoopDaemons.logs(directory, node).resolve(application.toString());
      if (Files.isDirectory(containers)) {
        try (Stream<Path> all = Files.walk(containers)) {
          for (Path file : all.filter(file -> file.endsWith(stream)).sorted().toList()) {
            logs.append("--- ").append(file.getParent().getFileName()).append('\n');
            logs.append(Files.readString(file));
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return logs.toString();
  }

  /** What its daemons have said. */
  String log() {
    try {
      return Files.readString(directory.resolve("daemons.log"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> started = daemons.descendants().toList();
    try {
      if (client != null) {
        client.stop();
        files.close();
      }
      daemons.getOutputStream().close();
      if (!daemons.waitFor(20, TimeUnit.SECONDS)) {
        daemons.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      daemons.destroyForcibly();
      Thread.currentThread().interrupt();
    } finally {
      started.stream().filter(ProcessHandle::isAlive).forEach(ProcessHandle::destroyForcibly);
      // Who still writes would be in the way of who deletes the directory.
      Awaiting.await(PATIENCE, () -> started.stream().noneMatch(ProcessHandle::isAlive));
    }
  }
}
