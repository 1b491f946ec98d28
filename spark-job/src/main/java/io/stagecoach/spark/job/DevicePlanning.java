package io.stagecoach.spark.job;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.Partitioners;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.spark.cluster.FirstSeats;
import io.stagecoach.spark.cluster.SeatPins;
import io.stagecoach.spark.config.PartitionerKind;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Whether a run begins with another cut for the executors that there are, and with which. */
final class DevicePlanning {

  private final StagecoachConf conf;
  private final JavaSparkContext spark;
  private final TrainingPlan alike;
  private final PartCosts parts;
  private final SeatPins pins;

  /**
   * @param alike the plan for executors that are alike, all of which may hold what any may
   * @param parts what the parts of that plan cost
   */
  DevicePlanning(SparkSession spark, StagecoachConf conf, TrainingPlan alike, PartCosts parts) {
    this.conf = conf;
    this.spark = JavaSparkContext.fromSparkContext(spark.sparkContext());
    this.alike = alike;
    this.parts = parts;
    this.pins = PipelineSpecs.pins(spark, conf);
  }

  /**
   * A plan for executors that were compared, as far as they were.
   *
   * @return none where they do not differ
   * @throws StagecoachException PLAN where no cut fits into what they may hold
   */
  Optional<DevicePlan> of(RunProfile profile) {
    boolean speedsDiffer = DeviceTimes.differ(profile.devices());
    if (!speedsDiffer && !profile.pairsDiffer()) {
      return forMemory();
    }
    List<DeviceTimes> compared = speedsDiffer ? profile.devices() : there();
    List<DeviceTimes> fastest = FirstSeats.of(pins, conf.executors(), compared);
    if (fastest.isEmpty()) {
      return Optional.empty();
    }
    return conf.memoryLimit().isAlike()
        ? plan(fastest)
        : Optional.of(planned(fastest, FirstSeats.roomiest(pins, conf.executors(), compared)));
  }

  /**
   * A plan for executors of which some may hold less than others.
   *
   * @return none where each executor holds what the plan for alike ones gives some place
   * @throws StagecoachException PLAN where no cut fits into what they may hold
   */
  Optional<DevicePlan> forMemory() {
    if (conf.memoryLimit().isAlike()) {
      return Optional.empty();
    }
    List<DeviceTimes> there = there();
    SeatPins needing = pins.needing(alike.request(conf).needed(alike.plan()));
    List<DeviceTimes> roomiest = FirstSeats.roomiest(pins, conf.executors(), there);
    // Where there are too few of them, or pins are not kept, whoever places the stages says so.
    return roomiest.isEmpty() || FirstSeats.fit(needing, conf.executors(), there)
        ? Optional.empty()
        : Optional.of(planned(roomiest, roomiest));
  }

  private List<DeviceTimes> there() {
    return FirstSeats.notCompared(spark, conf.executors(), conf.deadlineLaunch());
  }

  /** By the first of these executors, or, where no cut fits these, by the others. */
  private DevicePlan planned(List<DeviceTimes> first, List<DeviceTimes> others) {
    return plan(first)
        .or(() -> plan(others))
        .orElseGet(
            () -> {
              throw nothingFits(others);
            });
  }

  /** Whether a cut fits does not depend on times: any search says why none does. */
  private StagecoachException nothingFits(List<DeviceTimes> devices) {
    PlanRequest request = alike.request(conf).within(limits(devices));
    try {
      Plan other = Partitioners.named(PartitionerKind.BALANCED.word()).partition(request);
      throw new IllegalStateException("the layers " + other.ranges() + " fit, and were not found");
    } catch (StagecoachException e) {
      return e;
    }
  }

  private Optional<DevicePlan> plan(List<DeviceTimes> devices) {
    return DevicePlan.of(
        alike,
        alike.request(conf),
        parts,
        devices,
        limits(devices),
        (place, device) -> FirstSeats.isAllowed(pins, conf.executors(), place, device));
  }

  private DeviceLimits limits(List<DeviceTimes> devices) {
    return new DeviceLimits(
        devices.stream().map(device -> FirstSeats.limit(pins, device)).toList());
  }
}
