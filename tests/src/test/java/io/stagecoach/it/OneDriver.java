package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.job.CommandsInOneDriver;
import io.stagecoach.spark.job.CommandsInOneSession;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/** Several commands, one after the other, by one driver: a real {@code spark-submit} of its own. */
final class OneDriver {

  /** A command, for example {@code train}, and all its settings, Spark's own among them. */
  record Command(String word, Map<String, String> settings) {}

  private static final String OWN = "spark.stagecoach.";

  private final Workshop workshop;

  OneDriver(Workshop workshop) {
    this.workshop = workshop;
  }

  /** Runs them in one session, with the same executors: Spark's settings are the same for all. */
  List<StagecoachProcess.Outcome> inOneSession(List<Command> commands) {
    Map<String, String> session = sparks(commands.get(0).settings());
    List<Map<String, String>> settings = new ArrayList<>();
    for (Command command : commands) {
      assertThat(sparks(command.settings())).isEqualTo(session);
      Map<String, String> own = new TreeMap<>(command.settings());
      own.keySet().removeAll(session.keySet());
      settings.add(own);
    }
    return run(CommandsInOneSession.class, session, commands, settings);
  }

  /** Runs them in one session, and all succeed. */
  List<StagecoachProcess.Outcome> succeedInOneSession(List<Command> commands) {
    List<StagecoachProcess.Outcome> outcomes = inOneSession(commands);
    assertThat(outcomes)
        .allSatisfy(outcome -> assertThat(outcome.exitCode()).as(outcome.toString()).isZero());
    return outcomes;
  }

  /** Runs each in a session of its own, in this process alone: masters are {@code local}. */
  List<StagecoachProcess.Outcome> inSessionsOfTheirOwn(List<Command> commands) {
    return run(
        CommandsInOneDriver.class,
        sparks(commands.get(0).settings()),
        commands,
        commands.stream().map(Command::settings).toList());
  }

  private static Map<String, String> sparks(Map<String, String> settings) {
    Map<String, String> sparks = new TreeMap<>(settings);
    sparks.keySet().removeIf(key -> key.startsWith(OWN));
    return sparks;
  }

  private List<StagecoachProcess.Outcome> run(
      Class<?> program,
      Map<String, String> session,
      List<Command> commands,
      List<Map<String, String>> settings) {
    try {
      Path folder = Files.createDirectory(workshop.path("commands-" + UUID.randomUUID()));
      Workshop own = new Workshop(folder);
      List<String> arguments = new ArrayList<>();
      arguments.add("train");
      arguments.addAll(List.of("--class", program.getName()));
      // The job's classes and these are to be of one loader: they share a package. On this machine
      // the job is on Java's own class path.
      String classes = jar(program, folder);
      Map<String, String> environment = Map.of();
      if (session.get("spark.master").startsWith("local")) {
        environment = Map.of("SPARK_DIST_CLASSPATH", classes);
      } else {
        arguments.addAll(List.of("--jars", classes));
      }
      arguments.addAll(List.of("--master", session.get("spark.master")));
      arguments.addAll(List.of("--properties-file", own.properties("session", session).toString()));
      arguments.add("--");
      List<Path> files = new ArrayList<>();
      for (int i = 0; i < commands.size(); i++) {
        files.add(own.properties(i + "-" + commands.get(i).word(), settings.get(i)));
        arguments.add(files.get(i).toString());
      }
      try (StagecoachProcess run =
          StagecoachProcess.start(workshop.directory(), arguments, environment)) {
        StagecoachProcess.Outcome whole = run.await(Duration.ofMinutes(5));
        workshop.assertTidy(run, whole);
        assertThat(whole.exitCode()).as(whole.toString()).isZero();
        List<StagecoachProcess.Outcome> outcomes = new ArrayList<>();
        for (Path file : files) {
          outcomes.add(
              new StagecoachProcess.Outcome(
                  Integer.parseInt(beside(file, "code")),
                  beside(file, "out"),
                  beside(file, "err") + "\n--- log of all\n" + whole.err()));
        }
        return outcomes;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String beside(Path file, String kind) throws IOException {
    return Files.readString(file.resolveSibling(file.getFileName() + "." + kind));
  }

  private static String jar(Class<?> program, Path folder) throws IOException {
    Path jar = folder.resolve("commands.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name : List.of(program.getName(), program.getPackageName() + ".CommandFile")) {
        String entry = name.replace('.', '/') + ".class";
        out.putNextEntry(new JarEntry(entry));
        try (InputStream bytes = program.getClassLoader().getResourceAsStream(entry)) {
          bytes.transferTo(out);
        }
        out.closeEntry();
      }
    }
    return jar.toString();
  }
}
