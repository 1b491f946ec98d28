package io.stagecoach.benchmarks;

import io.stagecoach.schedule.Action;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** What a step costs when there is next to nothing to compute, and where its time goes. */
final class OverheadBenchmark {

  private static final int MICRO_BATCHES = 4;
  private static final int TURNS = 4;

  /**
   * Where a stage's time goes in a step, medians in microseconds.
   *
   * @param elapsed from hearing of the step to the end of its last action
   * @param compute in forward and backward passes
   * @param receive in receives, waiting included
   * @param send in sends
   * @param unpack of the receives, from a frame's first byte to its tensors
   * @param around outside of the actions
   */
  record StageParts(
      int stage,
      double elapsed,
      double compute,
      double receive,
      double send,
      double unpack,
      double around) {}

  /**
   * What is measured; times of a step are medians in milliseconds.
   *
   * @param step a step on the driver
   * @param step95 the time that 95 of 100 steps do not exceed
   * @param tell sending weights and orders
   * @param await from then until all gradients were there
   * @param update averaging, norm and update
   * @param compute the simulator's step for the passes measured here: none of it is overhead
   * @param overhead step less compute
   * @param bareStep a step of the bare loop
   * @param hops how many hops a step has
   * @param hopBytes bytes of a hop on the wire
   * @param overheadPerHopMicros overhead by hops
   * @param barePerHopMicros the bare loop's step by hops
   */
  record Result(
      int microBatches,
      double step,
      double step95,
      double tell,
      double await,
      double update,
      double compute,
      double overhead,
      double bareStep,
      long hops,
      long hopBytes,
      double overheadPerHopMicros,
      double barePerHopMicros,
      List<StageParts> stages,
      List<Double> turns) {}

  private final Effort effort;

  OverheadBenchmark(Effort effort) {
    this.effort = effort;
  }

  /**
   * Measures.
   *
   * @param folder where the store is written
   */
  Result run(Path folder) throws IOException, InterruptedException {
    Workload workload = Workload.mlp("tiny", 4, 1, 2, 1);
    Path store = folder.resolve(workload.name());
    workload.write(store, MICRO_BATCHES);
    try (ResidentPipeline pipeline = new ResidentPipeline(workload, store, MICRO_BATCHES)) {
      List<ResidentPipeline.Step> warm = pipeline.steps(MICRO_BATCHES, effort.shortSteps());
      Traffic traffic = warm.get(0).stages().get(0).traffic();
      int hopBytes = (int) (traffic.bytesSent() / traffic.hopsSent());
      try (BareLoop bare = new BareLoop(MICRO_BATCHES, hopBytes)) {
        bare.steps(effort.shortSteps());
        List<ResidentPipeline.Step> steps = new ArrayList<>();
        List<Long> bareSteps = new ArrayList<>();
        List<Double> turns = new ArrayList<>();
        for (int turn = 0; turn < TURNS; turn++) {
          List<ResidentPipeline.Step> some =
              pipeline.steps(MICRO_BATCHES, effort.shortSteps() / TURNS);
          turns.add(median(some, ResidentPipeline.Step::nanos) / 1e6);
          steps.addAll(some);
          bareSteps.addAll(bare.steps(effort.shortSteps() / TURNS));
        }
        return result(steps, bareSteps, hopBytes, turns);
      }
    }
  }

  private static Result result(
      List<ResidentPipeline.Step> steps, List<Long> bareSteps, int hopBytes, List<Double> turns) {
    double step = median(steps, ResidentPipeline.Step::nanos) / 1e6;
    double compute = StageTimes.of(steps).idealStep(MICRO_BATCHES) / 1e6;
    double bare = Times.of(bareSteps).medianMillis();
    long hops =
        steps.get(0).stages().stream().map(StageStep::traffic).mapToLong(Traffic::hopsSent).sum();
    List<StageParts> stages = new ArrayList<>();
    for (int stage = 0; stage < ResidentPipeline.STAGES; stage++) {
      stages.add(parts(steps, stage));
    }
    return new Result(
        MICRO_BATCHES,
        step,
        Times.of(steps.stream().map(ResidentPipeline.Step::nanos).toList()).nanos(0.95) / 1e6,
        median(steps, ResidentPipeline.Step::tell) / 1e6,
        median(steps, ResidentPipeline.Step::await) / 1e6,
        median(steps, ResidentPipeline.Step::update) / 1e6,
        compute,
        step - compute,
        bare,
        hops,
        hopBytes,
        (step - compute) * 1e3 / hops,
        bare * 1e3 / hops,
        stages,
        turns);
  }

  private static StageParts parts(List<ResidentPipeline.Step> steps, int stage) {
    Predicate<Action> receives =
        action ->
            action instanceof Action.ReceiveActivations
                || action instanceof Action.ReceiveGradients;
    Predicate<Action> sends = action -> !action.isCompute() && !receives.test(action);
    return new StageParts(
        stage,
        median(steps, step -> step.stages().get(stage).elapsedNanos()) / 1e3,
        median(steps, step -> in(step, stage, Action::isCompute)) / 1e3,
        median(steps, step -> in(step, stage, receives)) / 1e3,
        median(steps, step -> in(step, stage, sends)) / 1e3,
        median(steps, step -> step.stages().get(stage).traffic().receiveNanos()) / 1e3,
        median(
                steps,
                step -> step.stages().get(stage).elapsedNanos() - in(step, stage, action -> true))
            / 1e3);
  }

  private static long in(ResidentPipeline.Step step, int stage, Predicate<Action> which) {
    return step.stages().get(stage).spans().stream()
        .filter(span -> which.test(span.action()))
        .mapToLong(Span::nanos)
        .sum();
  }

  private static double median(
      List<ResidentPipeline.Step> steps, ToLongFunction<ResidentPipeline.Step> part) {
    return Times.of(steps.stream().map(part::applyAsLong).toList()).nanos(0.5);
  }

  static void print(Result result) {
    System.out.printf(
        "%nnearly no compute: %d micro-batches, %d hops of %d bytes a step%n",
        result.microBatches(), result.hops(), result.hopBytes());
    Map<String, Double> millis = new LinkedHashMap<>();
    millis.put("step", result.step());
    millis.put("step, 95 of 100", result.step95());
    millis.put("  tell", result.tell());
    millis.put("  await", result.await());
    millis.put("  update", result.update());
    millis.put("compute, simulated", result.compute());
    millis.put("overhead: step less compute", result.overhead());
    millis.put("bare loop's step", result.bareStep());
    millis.forEach((name, value) -> System.out.printf("%-28s %8.3f ms%n", name, value));
    System.out.printf(
        "%-28s %8.1f us (bare loop %.1f us)%n",
        "overhead by hops", result.overheadPerHopMicros(), result.barePerHopMicros());
    System.out.printf(
        "%5s | %10s %10s %10s %8s %10s %10s%n",
        "stage", "elapsed us", "compute", "receive", "send", "unpack", "around");
    for (StageParts part : result.stages()) {
      System.out.printf(
          "%5d | %10.0f %10.0f %10.0f %8.0f %10.0f %10.0f%n",
          part.stage(),
          part.elapsed(),
          part.compute(),
          part.receive(),
          part.send(),
          part.unpack(),
          part.around());
    }
    System.out.println(
        "step, turn by turn: "
            + result.turns().stream().map(value -> String.format("%.2f", value)).toList()
            + " ms");
  }
}
