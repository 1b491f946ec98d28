package io.stagecoach.spark.job;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.function.IntSupplier;
import java.util.stream.Collectors;

/**
 * A command of several that a test runs in one process: a properties file {@code NUMBER-WORD} with
 * its settings. What it says and the code that it ends with are written beside it.
 */
record CommandFile(Path file) {

  /** The command that its name says. */
  JobCommand command() {
    String name = file.getFileName().toString();
    String word = name.substring(name.indexOf('-') + 1, name.indexOf('.'));
    return switch (word) {
      case "train" -> new TrainCommand();
      case "evaluate" -> new EvaluateCommand();
      case "generate" -> new GenerateCommand();
      case "plan" -> new PlanCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Its settings. */
  Map<String, String> settings() throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    }
    return properties.stringPropertyNames().stream()
        .collect(Collectors.toMap(key -> key, properties::getProperty));
  }

  /** Does the work with the standard streams led to files; its result is the exit code. */
  void record(IntSupplier work) throws IOException {
    PrintStream out = System.out;
    PrintStream err = System.err;
    int code;
    try (PrintStream ownOut = stream("out");
        PrintStream ownErr = stream("err")) {
      System.setOut(ownOut);
      System.setErr(ownErr);
      code = work.getAsInt();
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
    Files.writeString(beside("code"), String.valueOf(code));
  }

  private PrintStream stream(String kind) throws IOException {
    return new PrintStream(Files.newOutputStream(beside(kind)), true, StandardCharsets.UTF_8);
  }

  private Path beside(String kind) {
    return file.resolveSibling(file.getFileName() + "." + kind);
  }
}
