package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Partitioner;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.RunReport;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.spark.cluster.HopProbe;
import io.stagecoach.spark.cluster.LayerProfiling;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.Recovery;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The partitioners on measured profiles of networks whose layers are uneven, on two executors: what
 * a step's stages should take by the profile, and what they took.
 *
 * <p>Argument: the JSON file to write.
 */
public final class PlanBenchmark {

  private static final int MICRO_BATCHES = 8;

  /** Executors compile what they run for so long; steps would be up to twice as long before. */
  private static final Duration WARM_UP = Duration.ofSeconds(20);

  private static final int STEPS = 25;
  private static final int STAGES = 2;

  private final JavaSparkContext spark;
  private final Path folder;
  private final ScheduleAuthor author = Schedules.standard().named("1f1b");
  private final PipelineShape shape = new PipelineShape(STAGES, MICRO_BATCHES);

  private PlanBenchmark(JavaSparkContext spark, Path folder) {
    this.spark = spark;
    this.folder = folder;
  }

  public static void main(String[] arguments) throws Exception {
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    Path folder = Files.createTempDirectory(out.getParent(), "batches-");
    List<Map<String, Object>> rows = new ArrayList<>();
    try (JavaSparkContext spark = TrialApplication.start("plan", STAGES)) {
      PlanBenchmark benchmark = new PlanBenchmark(spark, folder);
      System.out.println(
          "network  partitioner  cut          predicted ms  measured ms  error   step ms");
      for (Workload workload :
          List.of(
              Workload.lstm("lstm", 96, 3, 64, 32, 16),
              Workload.gpt("gpt", Map.of("width", "96", "heads", "4", "layers", "4"), 1024, 64, 4),
              Workload.cnn("cnn", 256))) {
        rows.addAll(benchmark.rows(workload));
      }
    } finally {
      new LocalStorage(folder).delete("");
    }
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), rows);
    System.exit(0);
  }

  private List<Map<String, Object>> rows(Workload workload) {
    Path store = folder.resolve(workload.name());
    workload.write(store, MICRO_BATCHES);
    RunProfile profile = profile(workload, store);
    Map<String, Partitioner> partitioners = new LinkedHashMap<>();
    partitioners.put(
        "measured",
        Partitioners.measured(
            profile.layerTimes(workload.microBatchRows()),
            profile.forwardTimes(workload.microBatchRows())));
    Partitioners.names().forEach(name -> partitioners.put(name, Partitioners.named(name)));
    Map<List<Integer>, RunReport> ran = new HashMap<>();
    List<Map<String, Object>> rows = new ArrayList<>();
    partitioners.forEach(
        (name, partitioner) -> {
          Plan plan = TrialPipeline.plan(workload, author, shape, partitioner);
          List<Integer> cut = plan.stages().stream().map(PlannedStage::firstLayer).toList();
          RunReport report =
              ran.computeIfAbsent(cut, any -> run(workload, store, Partitioners.given(cut)));
          long predicted =
              Simulator.simulate(
                      author.schedule(shape),
                      profile.costs(plan, workload.microBatchRows(), RunProfile.Backward.WHOLE))
                  .makespan();
          rows.add(row(workload.name(), name, cut, predicted / 1e6, report));
        });
    return rows;
  }

  private static Map<String, Object> row(
      String network, String partitioner, List<Integer> cut, double predicted, RunReport report) {
    double measured = report.time().slowestStage();
    System.out.printf(
        Locale.ROOT,
        "%-8s %-12s %-12s %12.1f  %11.1f  %5.1f %%  %7.1f%n",
        network,
        partitioner,
        cut.stream().map(String::valueOf).collect(Collectors.joining(",")),
        predicted,
        measured,
        100 * (predicted / measured - 1),
        report.time().stepMedian());
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("network", network);
    row.put("partitioner", partitioner);
    row.put("cut", cut);
    row.put("predictedMillis", predicted);
    row.put("measuredMillis", measured);
    row.put("stepMillis", report.time().stepMedian());
    return row;
  }

  private RunProfile profile(Workload workload, Path store) {
    ModelCosts costs =
        LayerCosts.of(workload.model(), workload.microBatchRows(), workload.timeSteps());
    PipelineSpec spec =
        TrialPipeline.spec(
            spark,
            workload,
            store,
            ExchangeKind.STREAMING,
            author,
            shape,
            Partitioners.named("uniform"));
    LayerTimes layers =
        LayerProfiling.measure(
            spec,
            costs.size(),
            List.of(workload.slices(MICRO_BATCHES).get(0)),
            Duration.ofSeconds(15));
    long largest = costs.layers().stream().mapToLong(LayerCost::outputBytes).max().orElse(0);
    HopTimes hops =
        HopProbe.measure(
            spec,
            new Recovery(0, 0, Duration.ofSeconds(1), STAGES),
            largest,
            Duration.ofSeconds(2));
    return new RunProfile(MICRO_BATCHES * workload.microBatchRows(), costs, layers, hops, 0);
  }

  private RunReport run(Workload workload, Path store, Partitioner partitioner) {
    try (TrialPipeline pipeline =
        new TrialPipeline(
            spark, workload, store, ExchangeKind.STREAMING, author, shape, partitioner)) {
      long warm = System.nanoTime() + WARM_UP.toNanos();
      while (System.nanoTime() < warm) {
        pipeline.step();
      }
      RunRecorder recorder = new RunRecorder(pipeline.schedule(), 0);
      for (int step = 0; step < STEPS; step++) {
        recorder.record(pipeline.step());
      }
      return recorder.report();
    }
  }
}
