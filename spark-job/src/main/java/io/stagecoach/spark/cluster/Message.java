package io.stagecoach.spark.cluster;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.DistinctGpus;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.WireType;
import java.util.List;

/** What the driver and the stage hosts say to each other. Tensors travel beside the message. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "message")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Message.Register.class, name = "register"),
  @JsonSubTypes.Type(value = Message.Assign.class, name = "assign"),
  @JsonSubTypes.Type(value = Message.Ready.class, name = "ready"),
  @JsonSubTypes.Type(value = Message.UseSchedule.class, name = "use-schedule"),
  @JsonSubTypes.Type(value = Message.RunStep.class, name = "run-step"),
  @JsonSubTypes.Type(value = Message.StepDone.class, name = "step-done"),
  @JsonSubTypes.Type(value = Message.Failed.class, name = "failed"),
  @JsonSubTypes.Type(value = Message.Alive.class, name = "alive"),
  @JsonSubTypes.Type(value = Message.Stop.class, name = "stop"),
})
public sealed interface Message {

  /** The name of a stage's flat weights beside {@link RunStep}. */
  static String weights(int stage) {
    return "weights." + stage;
  }

  /** What the names of a stage's carried state begin with, beside {@link RunStep}. */
  static String state(int stage) {
    return "state." + stage + ".";
  }

  /** What the names of a stage's carried state begin with, beside {@link StepDone}. */
  String STATE = "state.";

  /** The name beside {@link StepDone} of what the last stage gave for a micro-batch. */
  static String output(int microBatch, String name) {
    return "output." + microBatch + "." + name;
  }

  /** The name of the spans beside {@link StepDone}: int64 of shape [actions, 2], start and end. */
  String SPANS = "spans";

  /**
   * An executor is here and can host a stage.
   *
   * @param gpu what its stages will compute on
   */
  record Register(String executor, String host, int port, GpuClaim gpu) implements Message {

    /** Who so has this GPU. */
    DistinctGpus.Holder holder() {
      return new DistinctGpus.Holder(new Home(executor, host).words(), host, gpu);
    }
  }

  /**
   * An executor is to host stages.
   *
   * @param executor its index in the pipeline
   * @param engine the name of the engine that builds them
   * @param specs the stages
   * @param stages where every stage lives
   * @param store how the batch store is read
   * @param wireType as what floats travel between stages
   */
  record Assign(
      int executor,
      String engine,
      List<StageSpec> specs,
      List<StageAddress> stages,
      StoreAccess store,
      WireType wireType)
      implements Message {}

  /** A schedule, as text, that steps will name by its name and number of micro-batches. */
  record UseSchedule(String text) implements Message {}

  /** A stage is built, and can reach the stages beside it. */
  record Ready(int stage) implements Message {}

  /**
   * A step begins; new weights are beside it where they have changed, and the columns of its
   * micro-batches where they do not come from the batch store.
   *
   * @param context the step
   * @param schedule the name of a schedule that came before
   * @param slices the examples of each micro-batch
   */
  record RunStep(StepContext context, String schedule, List<Slice> slices) implements Message {}

  /** A stage is done with a step; its gradients, if it trained, and its spans are beside it. */
  record StepDone(
      int stage,
      int executor,
      long step,
      int attempt,
      Loss loss,
      long examples,
      double regularization,
      long elapsedNanos,
      Traffic traffic,
      int peakStash,
      ProcessMemory memory)
      implements Message {

    static StepDone of(StageStep report, ProcessMemory memory) {
      return new StepDone(
          report.stage(),
          report.executor(),
          report.step(),
          report.attempt(),
          report.loss(),
          report.examples(),
          report.regularization(),
          report.elapsedNanos(),
          report.traffic(),
          report.peakStash(),
          memory);
    }

    StageStep report(List<Span> spans) {
      return new StageStep(
          stage,
          executor,
          step,
          attempt,
          loss,
          examples,
          regularization,
          elapsedNanos,
          spans,
          traffic,
          peakStash);
    }
  }

  /** A stage cannot go on. */
  record Failed(ErrorKind kind, String what, Where where, String remedy) implements Message {}

  /**
   * An executor is at work.
   *
   * @param doing the action that is under way, and the step; empty for none
   * @param millis for how long it has been under way
   * @param computes whether it is one that computes, rather than waits for another executor
   */
  record Alive(String doing, long millis, boolean computes) implements Message {}

  /** The stage host is to end. */
  record Stop() implements Message {}
}
