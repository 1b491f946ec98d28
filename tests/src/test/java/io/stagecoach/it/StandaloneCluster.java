package io.stagecoach.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Spark's own standalone cluster: its master and two workers of two cores each, daemons as they are
 * in production, from the Spark that the launcher has put together. They end on close, and so does
 * all that they started.
 */
public final class StandaloneCluster implements AutoCloseable {

  /** The hosts of its workers, which are this machine by different names. */
  static final List<String> HOSTS = List.of("localhost", "127.0.0.2");

  private static final Pattern ADDRESS =
      Pattern.compile("Starting Spark master at (spark://\\S+:\\d+)");
  private static final Pattern DRIVER = Pattern.compile("Asked to launch driver (driver-[-0-9]+)");
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private final Path directory;
  private final IntFunction<List<String>> options;
  private final int shuffleServicePort;
  private final List<Process> daemons = new ArrayList<>();
  private String master;

  private StandaloneCluster(Path directory, IntFunction<List<String>> options) throws IOException {
    this.directory = directory;
    this.options = options;
    try (ServerSocket free = new ServerSocket(0)) {
      this.shuffleServicePort = free.getLocalPort();
    }
  }

  /** Starts the cluster, which keeps all its files in this directory. */
  public static StandaloneCluster start(Path directory) throws IOException {
    return start(directory, worker -> List.of());
  }

  /**
   * Starts one.
   *
   * @param options of each worker's JVM
   */
  @SuppressWarnings("resource") // The caller closes it.
  static StandaloneCluster start(Path directory, IntFunction<List<String>> options)
      throws IOException {
    StandaloneCluster cluster = new StandaloneCluster(directory, options);
    try {
      cluster.startDaemons();
      return cluster;
    } catch (IOException | AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  private void startDaemons() throws IOException {
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
    daemon("master", "localhost", List.of(), "org.apache.spark.deploy.master.Master", List.of());
    await("master", () -> ADDRESS.matcher(log("master")).find());
    master = first(ADDRESS, log("master"));
    for (int i = 0; i < HOSTS.size(); i++) {
      worker(i);
    }
    for (int i = 0; i < HOSTS.size(); i++) {
      String log = "worker-" + i;
      await(log, () -> log(log).contains("Successfully registered with master"));
    }
  }

  private void worker(int index) throws IOException {
    // One of a host only can have the port; the executors of both register with it.
    List<String> own = new ArrayList<>(options.apply(index));
    List<String> service =
        index > 0
            ? List.of()
            : List.of(
                "-Dspark.shuffle.service.enabled=true",
                "-Dspark.shuffle.service.port=" + shuffleServicePort);
    own.addAll(service);
    daemon(
        "worker-" + index,
        HOSTS.get(index),
        own,
        "org.apache.spark.deploy.worker.Worker",
        List.of("-c", "2", "-m", "4g", "-d", work(index).toString(), master));
  }

  private void daemon(
      String name, String host, List<String> options, String mainClass, List<String> arguments)
      throws IOException {
    Path home = StagecoachProcess.repository().resolve("spark-job/target/spark-home");
    String java = System.getProperty("java.home");
    List<String> command = new ArrayList<>();
    command.add(Path.of(java, "bin", "java").toString());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("--add-opens=java.base/java.nio=ALL-UNNAMED");
    command.add("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED");
    command.add("-Djava.io.tmpdir=" + directory.resolve("tmp"));
    command.add("-Dlog4j2.configurationFile=" + directory.resolve("log4j2.properties"));
    command.addAll(options);
    command.addAll(List.of("-cp", home.resolve("jars") + "/*", mainClass));
    command.addAll(List.of("--host", host, "--port", "0", "--webui-port", "0"));
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "SPARK_HOME",
                home.toString(),
                // What bin/spark-class finds by itself.
                "SPARK_SCALA_VERSION",
                "2.12",
                "SPARK_LOCAL_IP",
                "127.0.0.1",
                "SPARK_LOCAL_HOSTNAME",
                "localhost",
                "JAVA_HOME",
                java));
    daemons.add(builder.start());
  }

  /** The address of its master. */
  public String master() {
    return master;
  }

  /** Where the shuffle service of its first worker listens. */
  int shuffleServicePort() {
    return shuffleServicePort;
  }

  /** Ends the worker that has no shuffle service, and with it, after a moment, its executors. */
  void killWorker() {
    daemons.get(daemons.size() - 1).destroyForcibly();
  }

  /**
   * What the latest driver that a worker has started has said so far on one of its streams; nothing
   * where there is none yet.
   */
  public String driverSaid(String stream) {
    String driver = "";
    int of = 0;
    for (int i = 0; i < HOSTS.size(); i++) {
      Matcher launched = DRIVER.matcher(log("worker-" + i));
      while (launched.find()) {
        if (launched.group(1).compareTo(driver) > 0) {
          driver = launched.group(1);
          of = i;
        }
      }
    }
    Path said = work(of).resolve(driver).resolve(stream);
    try {
      return driver.isEmpty() || !Files.exists(said) ? "" : Files.readString(said);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What its first worker has said. */
  String log() {
    return log("worker-0");
  }

  private Path work(int worker) {
    return directory.resolve("work-" + worker);
  }

  private String log(String daemon) {
    try {
      return Files.readString(directory.resolve(daemon + ".log"), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String first(Pattern pattern, String text) {
    Matcher found = pattern.matcher(text);
    if (!found.find()) {
      throw new AssertionError(pattern + " is not in " + text);
    }
    return found.group(1);
  }

  private void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end || daemons.stream().anyMatch(d -> !d.isAlive())) {
        throw new AssertionError(what + " did not start:\n" + log(what));
      }
      Awaiting.pause();
    }
  }

  @Override
  public void close() {
    List<ProcessHandle> started = new ArrayList<>();
    daemons.forEach(daemon -> daemon.descendants().forEach(started::add));
    daemons.forEach(Process::destroy);
    try {
      for (Process daemon : daemons) {
        if (!daemon.waitFor(10, TimeUnit.SECONDS)) {
          daemon.destroyForcibly().waitFor();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Stream.concat(started.stream(), daemons.stream().map(Process::toHandle))
        .filter(ProcessHandle::isAlive)
        .forEach(ProcessHandle::destroyForcibly);
  }
}
