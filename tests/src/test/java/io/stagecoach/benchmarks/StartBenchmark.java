package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.it.KubernetesCluster;
import io.stagecoach.it.StagecoachProcess;
import io.stagecoach.it.StandaloneCluster;
import io.stagecoach.it.Workshop;
import io.stagecoach.it.YarnCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How long it takes from {@code stagecoach train} to the end of the first step, on each master: the
 * clusters that the tests start, a table of 400 rows, and a small network in two stages (in one
 * where there is one process).
 *
 * <p>Arguments: the JSON file to write; how often each is started (3); the masters: {@code local},
 * {@code local-cluster}, {@code standalone}, {@code yarn}, {@code kubernetes} (all).
 */
public final class StartBenchmark {

  private static final List<String> MASTERS =
      List.of("local", "local-cluster", "standalone", "yarn", "kubernetes");
  private static final List<String> DEPLOY_MODES = List.of("client", "cluster");
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** How often it is looked what has happened. */
  private static final long LOOK_MILLIS = 10;

  private static final String DATA = "Placing ";
  private static final String PLACED = " stages are placed";
  private static final String STEP = "step 1/";

  private final Path folder;
  private final int rounds;
  private final Map<String, List<StartMoments>> measured = new LinkedHashMap<>();

  private StartBenchmark(Path folder, int rounds) {
    this.folder = folder;
    this.rounds = rounds;
  }

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 3;
    List<String> masters =
        arguments.length > 2 ? List.of(arguments).subList(2, arguments.length) : MASTERS;
    for (String master : masters) {
      if (!MASTERS.contains(master)) {
        throw new IllegalArgumentException(master + " is none of " + MASTERS);
      }
    }
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "start-");
    try {
      StartBenchmark benchmark = new StartBenchmark(folder, rounds);
      System.out.printf("seconds since the command, medians of %d%n", rounds);
      System.out.println(
          "master                     driver context executors    data  placed  first step");
      for (String master : masters) {
        benchmark.measure(master);
      }
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(out.toFile(), benchmark.document());
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private void measure(String master) throws IOException {
    Path daemons = Files.createDirectories(folder.resolve(master));
    switch (master) {
      case "local" -> measure(new StartSite.Local("local[2]"), 1);
      case "local-cluster" -> measure(new StartSite.Local("local-cluster[2,1,1024]"), 2);
      case "standalone" -> {
        try (StandaloneCluster cluster = StandaloneCluster.start(daemons)) {
          for (String mode : DEPLOY_MODES) {
            measure(new StartSite.Standalone(cluster, mode), 2);
          }
        }
      }
      case "yarn" -> {
        try (YarnCluster cluster = YarnCluster.start(daemons)) {
          cluster.await();
          for (String mode : DEPLOY_MODES) {
            measure(new StartSite.Yarn(cluster, mode), 2);
          }
        }
      }
      default -> {
        try (KubernetesCluster cluster = KubernetesCluster.start(daemons)) {
          for (String mode : DEPLOY_MODES) {
            measure(new StartSite.Kubernetes(cluster, mode), 2);
          }
        }
      }
    }
  }

  private void measure(StartSite site, int stages) throws IOException {
    List<StartMoments> all = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      all.add(start(site, stages, round));
    }
    measured.put(site.name(), all);
    StartMoments median = StartMoments.median(all);
    System.out.printf(
        Locale.ROOT,
        "%-26s %6.1f  %6.1f    %6.1f  %6.1f  %6.1f      %6.1f%n",
        site.name(),
        median.driver(),
        median.context(),
        median.executors(),
        median.data(),
        median.placed(),
        median.step());
  }

  private StartMoments start(StartSite site, int stages, int round) throws IOException {
    String name = "start-" + measured.size() + "-" + round;
    Workshop workshop = new Workshop(Files.createDirectory(folder.resolve(name)));
    workshop.write("model.json", Workshop.classifier().toJson());
    Path events = Files.createDirectory(workshop.path("events"));
    Map<String, String> settings = settings(workshop, stages);
    settings.putAll(site.settings(name));
    settings.put("spark.eventLog.enabled", "true");
    settings.put("spark.eventLog.dir", events.toUri().toString());
    Set<Long> before =
        ProcessHandle.current().descendants().map(ProcessHandle::pid).collect(Collectors.toSet());
    Instant began = Instant.now();
    try (StagecoachProcess run = site.start(workshop, settings)) {
      Instant data = awaitSaid(site, run, name, DATA);
      Instant driver = driver(site, before);
      Instant placed = awaitSaid(site, run, name, PLACED);
      Instant step = awaitSaid(site, run, name, STEP);
      StagecoachProcess.Outcome outcome = run.await(PATIENCE);
      if (outcome.exitCode() != 0) {
        throw new IllegalStateException(outcome.toString());
      }
      return StartMoments.of(
          events, began, stages, new StartMoments.Seen(driver, data, placed, step));
    }
  }

  private static Map<String, String> settings(Workshop workshop, int stages) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("spark.driver.memory", "768m");
    settings.put("spark.executor.memory", "1g");
    settings.put("spark.executor.cores", "1");
    settings.put("spark.stagecoach.stages", String.valueOf(stages));
    settings.put("spark.stagecoach.batchSize", "32");
    settings.put("spark.stagecoach.microBatches", "4");
    settings.put("spark.stagecoach.epochs", "1");
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.data.path", workshop.table(400).toUri().toString());
    settings.put("spark.stagecoach.data.features", "a,b,c,d");
    settings.put("spark.stagecoach.data.label", "kind");
    settings.put("spark.stagecoach.model.config", workshop.path("model.json").toUri().toString());
    settings.put("spark.stagecoach.batchStore.path", workshop.path("batches").toString());
    settings.put("spark.stagecoach.output.path", workshop.path("out").toString());
    return settings;
  }

  private static Instant awaitSaid(
      StartSite site, StagecoachProcess run, String application, String what) {
    Instant end = Instant.now().plus(PATIENCE);
    while (true) {
      String said = site.said(run, application);
      if (said.contains(what)) {
        return Instant.now();
      }
      // What is over may have said it since.
      if (Instant.now().isAfter(end)
          || (run.isOver() && !site.said(run, application).contains(what))) {
        throw new IllegalStateException(
            site.name() + " has not said '" + what + "':\n" + said + "\n" + run.errSoFar());
      }
      pause();
    }
  }

  /** When the driver's process began: the latest, where a client has one of the same class. */
  private static Instant driver(StartSite site, Set<Long> before) {
    return ProcessHandle.current()
        .descendants()
        .filter(process -> !before.contains(process.pid()))
        .filter(process -> runs(process, site.driverClass()))
        .flatMap(process -> process.info().startInstant().stream())
        .max(Comparator.naturalOrder())
        .orElseThrow(() -> new IllegalStateException("no process runs " + site.driverClass()));
  }

  private static boolean runs(ProcessHandle process, String driverClass) {
    try {
      String command = Files.readString(Path.of("/proc", String.valueOf(process.pid()), "cmdline"));
      return command.startsWith("/") && command.contains("." + driverClass + "\0");
    } catch (IOException e) {
      return false;
    }
  }

  private static void pause() {
    try {
      Thread.sleep(LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private Map<String, Object> document() {
    Map<String, Object> document = new LinkedHashMap<>();
    measured.forEach(
        (master, all) -> document.put(master, all.stream().map(StartMoments::named).toList()));
    return document;
  }
}
