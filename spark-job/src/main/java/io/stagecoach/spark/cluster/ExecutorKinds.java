package io.stagecoach.spark.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.nd4j.linalg.factory.Nd4j;

/** What executors compute on: what the times of layers depend on. */
public final class ExecutorKinds {

  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  private static final String BETWEEN = "; ";

  private ExecutorKinds() {}

  /** Whether what {@link #of} has said is one kind. */
  public static boolean areAlike(String kinds) {
    return !kinds.contains(BETWEEN);
  }

  /**
   * Asks every executor.
   *
   * @param wanted how many are waited for
   * @return what they are, once where they are alike
   */
  public static String of(JavaSparkContext spark, int wanted, Duration deadline) {
    EveryExecutor.await(spark, wanted, deadline);
    return EveryExecutor.ask(
            spark, "Stagecoach: what executors compute on", ExecutorKinds::here, deadline)
        .stream()
        .map(EveryExecutor.Answer::text)
        .distinct()
        .sorted()
        .collect(Collectors.joining(BETWEEN));
  }

  private static String here() {
    String threads = System.getenv("OMP_NUM_THREADS");
    return processor()
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors, "
        + (threads == null ? "" : threads + " threads, ")
        + Nd4j.getBackend().getClass().getSimpleName()
        + ", Java "
        + System.getProperty("java.version");
  }

  /** The processor's name, as the system knows it. */
  private static String processor() {
    try (Stream<String> lines = Files.lines(PROCESSOR)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException unknown) {
      return System.getProperty("os.arch");
    }
  }
}
