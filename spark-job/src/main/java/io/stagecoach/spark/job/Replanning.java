package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Position;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DevicePins;
import io.stagecoach.plan.PlanTimes;
import io.stagecoach.replan.HopEstimates;
import io.stagecoach.replan.LayerEstimates;
import io.stagecoach.replan.Proposal;
import io.stagecoach.replan.ReplanRules;
import io.stagecoach.replan.Replanner;
import io.stagecoach.replan.StepTime;
import io.stagecoach.report.PlanFigures;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.cluster.LastingPipeline;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.SeatPins;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.sync.WeightUpdates;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cuts the model anew while it is trained, where that is worth it. Between two mini-batches the
 * stages end, others are placed on the same executors, and get their weights from the driver, which
 * has them all: what is computed stays the same to the last bit, for gradients add up in the order
 * of micro-batches whatever the cut.
 */
final class Replanning implements TrainingLoop.MiniBatchListener {

  private static final Logger LOG = LoggerFactory.getLogger(Replanning.class);

  private final Replanner replanner;
  private final LastingPipeline pipeline;
  private final WeightUpdates updates;
  private final Dl4jModelUpdater model;
  private final Function<TrainingPlan, PipelineSpec> specs;
  private final RunReporting reporting;
  private final Consumer<String> say;
  private final long steps;
  private final RunProfile profile;
  private TrainingPlan plan;
  private long placingNanos;
  private int placements;

  /**
   * What a run is made of.
   *
   * @param specs what stages of another cut are placed from
   * @param say tells people what changes
   * @param steps how many steps it takes, unless it ends early
   * @param placingNanos how long its stages took to be placed
   */
  record Run(
      LastingPipeline pipeline,
      WeightUpdates updates,
      Dl4jModelUpdater model,
      Function<TrainingPlan, PipelineSpec> specs,
      RunReporting reporting,
      Consumer<String> say,
      long steps,
      long placingNanos) {}

  private Replanning(Run run, TrainingPlan plan, RunProfile profile, Replanner replanner) {
    this.profile = profile;
    this.replanner = replanner;
    this.pipeline = run.pipeline();
    this.updates = run.updates();
    this.model = run.model();
    this.specs = run.specs();
    this.reporting = run.reporting();
    this.say = run.say();
    this.steps = run.steps();
    this.placingNanos = run.placingNanos();
    this.plan = plan;
    this.placements = pipeline.placements();
  }

  /**
   * Who hears of a run's mini-batches: one who cuts it anew where the settings allow that, and the
   * report says how long its steps take.
   *
   * @param decision how the run begins
   */
  static TrainingLoop.MiniBatchListener listener(StagecoachConf conf, Decision decision, Run run) {
    if (!conf.replan() || decision.plan().plan().stages().size() == 1) {
      return position -> {};
    }
    TrainingPlan plan = decision.plan();
    RunProfile profile = decision.profile().orElseThrow();
    // Whatever the cut makes places need.
    SeatPins pins = run.specs().apply(plan).pins().needing(List.of());
    Replanning replanning =
        new Replanning(
            run,
            plan,
            profile,
            new Replanner(
                plan.plan(),
                plan.request(conf),
                plan.replicas(),
                devicePins(pins, run.pipeline()),
                () -> limits(conf, pins, run.pipeline()),
                () -> hops(conf, profile, run.pipeline()),
                estimates(profile, plan),
                stepTime(conf.exchange(), profile, plan),
                new ReplanRules(conf.replanGain(), conf.replanRepaySteps(), conf.replanPerHour()),
                System::nanoTime));
    run.reporting().watchedBy(replanning::stepEnded);
    return replanning;
  }

  /** What the executors may hold that have the places now. */
  private static DeviceLimits limits(StagecoachConf conf, SeatPins pins, LastingPipeline pipeline) {
    if (conf.memoryLimit().isAlike()) {
      return DeviceLimits.everywhere(conf.memoryLimit().others());
    }
    return new DeviceLimits(places(conf, pipeline).stream().map(pins::limit).toList());
  }

  /** What hops between them should take, by what was measured before. */
  private static HopEstimates hops(
      StagecoachConf conf, RunProfile profile, LastingPipeline pipeline) {
    return HopEstimates.measured(
        profile, places(conf, pipeline).stream().map(StageAddress::executor).toList());
  }

  /** The first stage of each place. */
  private static List<StageAddress> places(StagecoachConf conf, LastingPipeline pipeline) {
    List<StageAddress> stages = pipeline.stages();
    int ofReplica = stages.size() / conf.replicas();
    return IntStream.range(0, conf.executors())
        .mapToObj(place -> stages.get(place / conf.stages() * ofReplica + place % conf.stages()))
        .toList();
  }

  /** Asked only while each stage is on an executor of its own. */
  private static DevicePins devicePins(SeatPins pins, LastingPipeline pipeline) {
    return (stage, device) -> {
      List<StageAddress> stages = pipeline.stages();
      return pins.allow(stage, pipeline.executors(), stages.get(device));
    };
  }

  /** What the layers should take, by what was measured. */
  static LayerEstimates estimates(RunProfile profile, TrainingPlan plan) {
    List<Long> forward = new ArrayList<>();
    List<Long> backward = new ArrayList<>();
    for (int layer = 0; layer < profile.layers().layers(); layer++) {
      PassTimes times = profile.layers().layer(layer, plan.rows());
      forward.add(times.forward());
      backward.add(
          switch (PipelineChoices.backward(plan)) {
            case WHOLE -> times.backward();
            case SPLIT -> times.backwardInput() + times.backwardWeights();
          });
    }
    return new LayerEstimates(forward, backward);
  }

  /** By shuffle a hop is a tick of its own, which no other hop runs beside. */
  static StepTime stepTime(ExchangeKind exchange, RunProfile profile, TrainingPlan plan) {
    if (exchange == ExchangeKind.STREAMING) {
      return StepTime.streaming();
    }
    long tick = profile.costs(plan.plan(), plan.rows(), PipelineChoices.backward(plan)).hop();
    return (schedule, costs) -> {
      return Ticks.cheapest(schedule, costs, tick).makespan(costs, tick);
    };
  }

  private void stepEnded(StepRecord step) {
    if (pipeline.placements() != placements) {
      placements = pipeline.placements();
      replanner.placedOn(pipeline.executors());
    }
    if (step.isWhole(reporting.schedule())) {
      replanner.observe(step, reporting.schedule());
      replanner.brought().ifPresent(this::tell);
    }
  }

  @Override
  public void miniBatchEnded(Position position) {
    // What was seen may be of stages that have been placed anew since.
    if (pipeline.placements() == placements) {
      replanner.propose(steps - position.step(), placingNanos).ifPresent(this::recut);
    }
  }

  private void recut(Proposal proposal) {
    TrainingPlan next = plan.cutAs(proposal.plan());
    long start = System.nanoTime();
    updates.recut(next.layouts(model));
    pipeline.recut(specs.apply(next), proposal.changesPlaces() ? proposal.order() : asTheyAre());
    placingNanos = System.nanoTime() - start;
    placements = pipeline.placements();
    plan = next;
    replanner.adopted(proposal);
    replanner.placedOn(pipeline.executors());
    reporting.recut(
        proposal.reason(), next, PlanFigures.of(next.plan(), Optional.of(times(proposal))));
    LOG.info("{}", proposal.reason());
    say.accept(proposal.reason());
  }

  /** Of the executors that there are, which may be fewer than there are places. */
  private List<Integer> asTheyAre() {
    return IntStream.range(0, pipeline.executors()).boxed().toList();
  }

  private PlanTimes times(Proposal proposal) {
    return profile.planTimes(
        plan.rows(), proposal.costs().slowest(plan.replicas()), proposal.thenNanos());
  }

  private void tell(String line) {
    reporting.chose(line);
    LOG.info("{}", line);
    say.accept(line);
  }
}
