package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.tensor.WireType;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What a pipeline is launched from.
 *
 * @param spark the application
 * @param exchange what carries the hops
 * @param engine the name of the engine that builds stages
 * @param stages the stages, in order, replica by replica
 * @param replicas how many pipelines these are: each has as many of the stages, and passes nothing
 *     to another
 * @param chunks how many stages each executor hosts: of a pipeline on E executors, stage s is on
 *     the s mod E-th
 * @param executors how many executors there are: as many as that makes, or fewer, each of which has
 *     the stages of several
 * @param schedules who writes the schedules that steps name
 * @param store where the batch store is
 * @param network ports and limits
 * @param deadlines how long the driver and the stages wait
 * @param pins which executors may have which places
 */
public record PipelineSpec(
    JavaSparkContext spark,
    ExchangeKind exchange,
    String engine,
    List<StageSpec> stages,
    int replicas,
    int chunks,
    int executors,
    List<ScheduleAuthor> schedules,
    StoreAccess store,
    Network network,
    Deadlines deadlines,
    SeatPins pins) {

  public PipelineSpec {
    stages = List.copyOf(stages);
    schedules = List.copyOf(schedules);
    if (chunks < 1 || replicas < 1 || stages.size() % (chunks * replicas) != 0) {
      throw new IllegalArgumentException(
          stages.size() + " stages of " + replicas + " replicas in chunks of " + chunks);
    }
    if (executors < 1 || executors > stages.size() / chunks) {
      throw new IllegalArgumentException(
          stages.size() + " stages in chunks of " + chunks + " on " + executors + " executors");
    }
  }

  /** One pipeline, on as many executors as its stages and chunks make. */
  public PipelineSpec(
      JavaSparkContext spark,
      ExchangeKind exchange,
      String engine,
      List<StageSpec> stages,
      int chunks,
      List<ScheduleAuthor> schedules,
      StoreAccess store,
      Network network,
      Deadlines deadlines) {
    this(spark, exchange, engine, stages, 1, chunks, schedules, store, network, deadlines);
  }

  /** Pipelines on as many executors as their stages and chunks make. */
  public PipelineSpec(
      JavaSparkContext spark,
      ExchangeKind exchange,
      String engine,
      List<StageSpec> stages,
      int replicas,
      int chunks,
      List<ScheduleAuthor> schedules,
      StoreAccess store,
      Network network,
      Deadlines deadlines) {
    this(
        spark,
        exchange,
        engine,
        stages,
        replicas,
        chunks,
        stages.size() / chunks,
        schedules,
        store,
        network,
        deadlines,
        SeatPins.NONE);
  }

  /** The same pipeline, on executors that may have these places. */
  public PipelineSpec pinned(SeatPins places) {
    return new PipelineSpec(
        spark, exchange, engine, stages, replicas, chunks, executors, schedules, store, network,
        deadlines, places);
  }

  /** The same pipeline on so many executors. */
  public PipelineSpec onExecutors(int count) {
    return new PipelineSpec(
        spark, exchange, engine, stages, replicas, chunks, count, schedules, store, network,
        deadlines, pins);
  }

  /** One pipeline of other stages, one for each executor, in the same place and way. */
  PipelineSpec of(String otherEngine, List<StageSpec> others, ScheduleAuthor author) {
    return new PipelineSpec(
        spark, exchange, otherEngine, others, 1, List.of(author), store, network, deadlines);
  }

  /** Which of the executors hosts a stage. */
  int executorOf(int stage) {
    int ofReplica = stages.size() / replicas;
    int written = ofReplica / chunks;
    int executor = stage / ofReplica * written + stage % ofReplica % written;
    return FewerExecutors.hostOf(executor, written * replicas, executors);
  }

  /** The place of a stage, by name. */
  Where place(StageAddress address) {
    Where where = Where.stage(address.stage()).onExecutor(address.executorAndHost());
    return replicas == 1 ? where : where.inReplicasOf(stages.size() / replicas);
  }

  /** Whether an executor has the first stage of a pipeline. */
  boolean hostsFirst(int executor) {
    return stagesOf(executor).stream().anyMatch(StageSpec::isFirst);
  }

  /** The schedules of its steps. */
  ScheduleBook book() {
    return new ScheduleBook(stages.size(), chunks, executors, schedules);
  }

  /** The stages of one of them. */
  List<StageSpec> stagesOf(int executor) {
    return stages.stream().filter(stage -> executorOf(stage.stage()) == executor).toList();
  }

  /**
   * Ports and limits, and what floats are on the wire.
   *
   * @param driverPort the port the driver listens on, 0 for any
   * @param executorPort the port each executor listens on, 0 for any
   * @param messageLimit the longest message that is accepted, in bytes
   * @param credit how many hops a neighbour may send ahead
   * @param wireType as what floats travel between stages
   */
  public record Network(
      int driverPort, int executorPort, long messageLimit, int credit, WireType wireType) {}
}
