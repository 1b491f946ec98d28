package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a pipeline of two executors brings, and what it costs, on one machine: the speed-up over one
 * device for a network of dense layers and one of LSTM layers, the memory of each process, and the
 * overhead of a step at nearly no compute. The pages of the docs say how it is run.
 *
 * <p>Arguments: {@code full} or {@code trial}, the JSON file to write, and which of the parts
 * {@code mlp}, {@code lstm} and {@code overhead}; all where none is named.
 */
public final class PipelineBenchmark {

  private static final String OVERHEAD = "overhead";

  private final Effort effort;
  private final Path folder;

  private PipelineBenchmark(Effort effort, Path folder) {
    this.effort = effort;
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Effort effort = Effort.named(arguments[0]);
    Path out = Path.of(arguments[1]).toAbsolutePath();
    List<String> parts = List.of(arguments).subList(2, arguments.length);
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "batches-");
    try {
      Map<String, Object> document =
          new PipelineBenchmark(effort, folder)
              .run(part -> parts.isEmpty() || parts.contains(part));
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(out.toFile(), document);
    } finally {
      new LocalStorage(folder).delete("");
    }
    System.exit(0);
  }

  private Map<String, Object> run(Predicate<String> chosen)
      throws IOException, InterruptedException {
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("cores", Runtime.getRuntime().availableProcessors());
    document.put("effort", effort);
    List<SpeedUpBenchmark.Result> speedUps = new ArrayList<>();
    for (Workload network : networks()) {
      if (chosen.test(network.name())) {
        SpeedUpBenchmark.Result result = new SpeedUpBenchmark(network, effort).run(folder);
        SpeedUpBenchmark.print(result);
        speedUps.add(result);
      }
    }
    document.put("speedUp", speedUps);
    if (chosen.test(OVERHEAD)) {
      OverheadBenchmark.Result overhead = new OverheadBenchmark(effort).run(folder);
      OverheadBenchmark.print(overhead);
      document.put(OVERHEAD, overhead);
    }
    return document;
  }

  /** A step of either takes more than a second on one core, with four micro-batches. */
  private static List<Workload> networks() {
    return List.of(
        Workload.mlp("mlp", 768, 8, 10, 2048), Workload.lstm("lstm", 256, 2, 64, 40, 64));
  }
}
