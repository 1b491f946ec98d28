package io.stagecoach.spark.job;

import io.stagecoach.batch.ReadOptions;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import io.stagecoach.engine.profile.EchoEngine;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.AskedDevices;
import io.stagecoach.spark.cluster.Deadlines;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.Recovery;
import io.stagecoach.spark.cluster.SeatMemory;
import io.stagecoach.spark.cluster.SeatPins;
import io.stagecoach.spark.cluster.StoreAccess;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.PreparedData;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.nd4j.linalg.api.buffer.DataType;

/** What a pipeline is launched from, as the settings say. */
final class PipelineSpecs {

  /** Rows are shuffled within so many chunks, which are shuffled themselves. */
  private static final int WINDOW_CHUNKS = 8;

  private static final long CACHE_BYTES = 256L << 20;

  private PipelineSpecs() {}

  static PipelineSpec of(
      SparkSession spark,
      StagecoachConf conf,
      TrainingPlan plan,
      StartModel model,
      PreparedData prepared) {
    return of(
        spark,
        conf,
        plan,
        model.updater().json(),
        StoreAccess.of(
            prepared.storage().toString(),
            new ReadOptions(
                conf.dataShuffle() ? ReadOptions.Order.SHUFFLED : ReadOptions.Order.STORED,
                conf.seed(),
                WINDOW_CHUNKS,
                CACHE_BYTES,
                model.model().dataType() == DataType.DOUBLE
                    ? ReadOptions.Floats.FLOAT64
                    : ReadOptions.Floats.FLOAT32,
                conf.deadlineStep())));
  }

  /** How far a run goes on after executors were lost. */
  static Recovery recovery(StagecoachConf conf) {
    return new Recovery(
        conf.recoveryAttempts(),
        conf.recoveryPerHour(),
        conf.recoveryReplacement(),
        conf.recoveryLeastExecutors() == 0 ? conf.executors() : conf.recoveryLeastExecutors());
  }

  /** Which executors may have which places, whatever these need of their memory. */
  static SeatPins pins(SparkSession spark, StagecoachConf conf) {
    return new SeatPins(
        conf.pinStages(),
        conf.stages(),
        conf.replicas(),
        AskedDevices.of(spark.sparkContext()),
        new SeatMemory(conf.memoryLimit(), List.of()));
  }

  /** A pipeline that reads no data but what it is given. */
  static PipelineSpec withoutData(
      SparkSession spark, StagecoachConf conf, TrainingPlan plan, String model) {
    return of(spark, conf, plan, model, StoreAccess.none());
  }

  /** A pipeline of one stage on each of so many executors, which only passes messages on. */
  static PipelineSpec withoutModel(SparkSession spark, StagecoachConf conf, int executors) {
    return of(
        spark,
        conf,
        EchoEngine.NAME,
        IntStream.range(0, executors)
            .mapToObj(
                stage ->
                    new StageSpec(
                        EchoEngine.model(List.of(0L)),
                        stage,
                        executors,
                        stage,
                        stage + 1,
                        1,
                        Recompute.NONE,
                        conf.seed()))
            .toList(),
        1,
        1,
        List.of(new ForwardOnly()),
        StoreAccess.none());
  }

  private static PipelineSpec of(
      SparkSession spark, StagecoachConf conf, TrainingPlan plan, String model, StoreAccess store) {
    return of(
            spark,
            conf,
            Dl4jEngine.NAME,
            plan.specs(model, conf.seed()),
            plan.replicas(),
            conf.chunks(),
            List.of(plan.sideBySide(plan.author()), plan.sideBySide(new ForwardOnly())),
            store)
        .pinned(pins(spark, conf).needing(plan.request(conf).needed(plan.plan())));
  }

  private static PipelineSpec of(
      SparkSession spark,
      StagecoachConf conf,
      String engine,
      List<StageSpec> stages,
      int replicas,
      int chunks,
      List<ScheduleAuthor> authors,
      StoreAccess store) {
    return new PipelineSpec(
        JavaSparkContext.fromSparkContext(spark.sparkContext()),
        conf.exchange(),
        engine,
        stages,
        replicas,
        chunks,
        authors,
        store,
        new PipelineSpec.Network(
            conf.portDriver(),
            conf.portExecutor(),
            conf.exchangeFrameLimit().bytes(),
            conf.exchangeCredit(),
            conf.wireType()),
        new Deadlines(
            conf.deadlineLaunch(),
            conf.deadlineContact(),
            conf.deadlineStep(),
            conf.deadlineHeartbeat()));
  }
}
