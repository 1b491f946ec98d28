package io.stagecoach.benchmarks;

import io.stagecoach.schedule.ClosedForm;
import io.stagecoach.spark.cluster.ProcessMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pipeline of two executors of one core against one device of one core, on the same micro-batches
 * of one network. Rounds of both alternate, so that what else the machine does meets both.
 */
final class SpeedUpBenchmark {

  private static final int[] MICRO_BATCHES = {4, 8};

  /**
   * What is measured of one number of micro-batches.
   *
   * @param uncutMillis one device's step, median
   * @param pipelineMillis the pipeline's step, median
   * @param idealMillis the simulator's step for the stage times measured here, hops free
   * @param speedUp uncut by pipeline
   * @param closedForm the speed-up of stages that are even, by arithmetic
   * @param efficiency ideal step by measured step: what is lost beside compute
   * @param efficiencyOfClosedForm speed-up by closed form: imbalance and slower compute count too
   * @param computeRatio the stages' compute together, by the uncut step
   * @param stageMillis each stage's forward and backward of a micro-batch
   * @param tellMillis sending weights and orders, median
   * @param updateMillis averaging, norm and update on the driver, median
   * @param uncutRounds one device's median in each round
   * @param pipelineRounds the pipeline's median in each round
   */
  record Row(
      int microBatches,
      double uncutMillis,
      double pipelineMillis,
      double idealMillis,
      double speedUp,
      double closedForm,
      double efficiency,
      double efficiencyOfClosedForm,
      double computeRatio,
      List<Double> stageMillis,
      double tellMillis,
      double updateMillis,
      List<Double> uncutRounds,
      List<Double> pipelineRounds) {}

  /**
   * What is measured of one network.
   *
   * @param parameters how many weights it has
   * @param lossDifference the largest relative difference of the loss, step by step
   * @param uncutPeakBytes the most resident memory of the uncut process
   * @param executorPeakBytes that of each executor, by stage
   */
  record Result(
      String network,
      int microBatchRows,
      long parameters,
      String plan,
      List<Row> rows,
      double lossDifference,
      long uncutPeakBytes,
      Map<Integer, Long> executorPeakBytes) {}

  private final Workload workload;
  private final Effort effort;
  private final Map<Integer, List<List<UncutProcess.Step>>> uncutRounds = new LinkedHashMap<>();
  private final Map<Integer, List<List<ResidentPipeline.Step>>> pipelineRounds =
      new LinkedHashMap<>();

  SpeedUpBenchmark(Workload workload, Effort effort) {
    this.workload = workload;
    this.effort = effort;
  }

  /**
   * Measures.
   *
   * @param folder where the store is written
   */
  Result run(Path folder) throws IOException {
    int most = MICRO_BATCHES[MICRO_BATCHES.length - 1];
    Path store = folder.resolve(workload.name());
    workload.write(store, most);
    try (UncutProcess uncut = UncutProcess.start(workload, store, ResidentPipeline.JVM_OPTIONS);
        ResidentPipeline pipeline = new ResidentPipeline(workload, store, most)) {
      double difference = 0;
      for (int round = 0; round <= effort.rounds(); round++) {
        for (int microBatches : MICRO_BATCHES) {
          int count = round == 0 ? effort.warmUpSteps() : effort.steps();
          List<UncutProcess.Step> alone = uncut.steps(microBatches, count);
          List<ResidentPipeline.Step> together = pipeline.steps(microBatches, count);
          for (int i = 0; i < count; i++) {
            double loss = alone.get(i).loss();
            difference =
                Math.max(difference, Math.abs(together.get(i).loss() - loss) / Math.abs(loss));
          }
          if (round > 0) {
            uncutRounds.computeIfAbsent(microBatches, m -> new ArrayList<>()).add(alone);
            pipelineRounds.computeIfAbsent(microBatches, m -> new ArrayList<>()).add(together);
          }
        }
      }
      List<Row> rows = new ArrayList<>();
      for (int microBatches : MICRO_BATCHES) {
        rows.add(row(microBatches));
      }
      Map<Integer, Long> peaks = new LinkedHashMap<>();
      for (Map.Entry<Integer, ProcessMemory> entry : pipeline.memory().entrySet()) {
        peaks.put(entry.getKey(), entry.getValue().peakResidentBytes());
      }
      return new Result(
          workload.name(),
          workload.microBatchRows(),
          pipeline.plan().stages().stream().mapToLong(s -> s.cost().parameters()).sum(),
          pipeline.plan().table(),
          rows,
          difference,
          uncut.peakBytes(),
          peaks);
    }
  }

  private Row row(int microBatches) {
    List<ResidentPipeline.Step> steps =
        pipelineRounds.get(microBatches).stream().flatMap(List::stream).toList();
    double uncut =
        Times.of(
                uncutRounds.get(microBatches).stream()
                    .flatMap(List::stream)
                    .map(UncutProcess.Step::nanos)
                    .toList())
            .medianMillis();
    double pipeline = median(steps);
    StageTimes stages = StageTimes.of(steps);
    double ideal = stages.idealStep(microBatches) / 1e6;
    double closedForm = new ClosedForm(ResidentPipeline.STAGES, microBatches).speedUp();
    List<Double> stageMillis = new ArrayList<>();
    for (int stage = 0; stage < ResidentPipeline.STAGES; stage++) {
      stageMillis.add(stages.stageMillis(stage));
    }
    return new Row(
        microBatches,
        uncut,
        pipeline,
        ideal,
        uncut / pipeline,
        closedForm,
        ideal / pipeline,
        uncut / pipeline / closedForm,
        stages.all(microBatches) / 1e6 / uncut,
        stageMillis,
        Times.of(steps.stream().map(ResidentPipeline.Step::tell).toList()).medianMillis(),
        Times.of(steps.stream().map(ResidentPipeline.Step::update).toList()).medianMillis(),
        uncutRounds.get(microBatches).stream()
            .map(
                round ->
                    Times.of(round.stream().map(UncutProcess.Step::nanos).toList()).medianMillis())
            .toList(),
        pipelineRounds.get(microBatches).stream().map(SpeedUpBenchmark::median).toList());
  }

  private static double median(List<ResidentPipeline.Step> steps) {
    return Times.of(steps.stream().map(ResidentPipeline.Step::nanos).toList()).medianMillis();
  }

  static void print(Result result) {
    System.out.printf(
        "%n%s: %,d parameters, micro-batches of %d examples%n%s%n",
        result.network(), result.parameters(), result.microBatchRows(), result.plan());
    System.out.printf(
        "%2s | %9s %11s %9s | %8s %9s | %9s %9s | %9s %9s %9s | %7s %9s%n",
        "M",
        "uncut ms",
        "pipeline ms",
        "ideal ms",
        "speed-up",
        "2M/(M+1)",
        "eff. sim.",
        "eff. form",
        "stage 0",
        "stage 1",
        "compute",
        "tell ms",
        "update ms");
    for (Row row : result.rows()) {
      System.out.printf(
          "%2d | %9.1f %11.1f %9.1f | %8.3f %9.3f | %9.3f %9.3f | %9.1f %9.1f %9.3f | %7.1f %9.1f%n",
          row.microBatches(),
          row.uncutMillis(),
          row.pipelineMillis(),
          row.idealMillis(),
          row.speedUp(),
          row.closedForm(),
          row.efficiency(),
          row.efficiencyOfClosedForm(),
          row.stageMillis().get(0),
          row.stageMillis().get(1),
          row.computeRatio(),
          row.tellMillis(),
          row.updateMillis());
    }
    for (Row row : result.rows()) {
      System.out.printf(
          "rounds, M = %d: uncut %s; pipeline %s ms%n",
          row.microBatches(), rounded(row.uncutRounds()), rounded(row.pipelineRounds()));
    }
    System.out.printf(
        "largest relative difference of the loss, uncut to pipeline: %.2g%n",
        result.lossDifference());
    System.out.printf("peak resident memory: uncut %,d MiB", result.uncutPeakBytes() >> 20);
    result
        .executorPeakBytes()
        .forEach((stage, bytes) -> System.out.printf("; stage %d %,d MiB", stage, bytes >> 20));
    System.out.println();
  }

  private static List<String> rounded(List<Double> millis) {
    return millis.stream().map(value -> String.format("%.0f", value)).toList();
  }
}
