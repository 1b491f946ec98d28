package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.engine.update.UpdateThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * What the driver's synchronizer takes for a step, phase by phase, with the update kernel and with
 * ND4J's operations in turns, for models of 1, 10 and 100 million parameters; and the bandwidth of
 * the memory beside it, measured in the same run.
 *
 * <p>Arguments: the JSON file to write; among how many threads the kernel's update is shared (1).
 */
public final class BarrierBenchmark {

  /**
   * A model.
   *
   * @param width of its dense layers
   * @param layers how many
   * @param rounds how often each side takes its turn
   */
  private record Size(String name, int width, int layers, int rounds) {}

  private static final List<Size> SIZES =
      List.of(
          new Size("1 M", 249, 16, 60),
          new Size("10 M", 999, 10, 15),
          new Size("100 M", 1999, 25, 5));

  private BarrierBenchmark() {}

  public static void main(String[] arguments) throws IOException {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Map<String, IUpdater> updaters = new LinkedHashMap<>();
    updaters.put("Adam", new Adam(1e-3));
    updaters.put("SGD", new Sgd(1e-3));
    List<BarrierTimes> all = new ArrayList<>();
    UpdateThreads threads =
        new UpdateThreads(arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1);
    // So that all is compiled before the first figure.
    for (IUpdater updater : updaters.values()) {
      measure("", updater, SIZES.get(0), threads);
    }
    System.out.println(BarrierTimes.HEADER);
    for (Size size : SIZES) {
      for (Map.Entry<String, IUpdater> updater : updaters.entrySet()) {
        BarrierTimes times = measure(updater.getKey(), updater.getValue(), size, threads);
        all.add(times);
        System.out.println(times.row());
      }
    }
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), all);
    System.exit(0);
  }

  private static BarrierTimes measure(
      String updater, IUpdater configuration, Size size, UpdateThreads threads) {
    try (BarrierTrial trial =
        new BarrierTrial(configuration, size.width(), size.layers(), threads)) {
      for (int round = 0; round < size.rounds(); round++) {
        trial.round();
      }
      return trial.times(size.name(), updater);
    }
  }
}
