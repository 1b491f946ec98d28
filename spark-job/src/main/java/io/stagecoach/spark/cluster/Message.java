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
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.WireType;
import java.util.List;
import java.util.UUID;

/** What the driver and the stage hosts say to each other. Tensors travel beside the message. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "message")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Message.Register.class, name = "register"),
  @JsonSubTypes.Type(value = Message.Assign.class, name = "assign"),
  @JsonSubTypes.Type(value = Message.Ready.class, name = "ready"),
  @JsonSubTypes.Type(value = Message.UseSchedule.class, name = "use-schedule"),
  @JsonSubTypes.Type(value = Message.RunStep.class, name = "run-step"),
  @JsonSubTypes.Type(value = Message.GradientsFinished.class, name = "gradients-finished"),
  @JsonSubTypes.Type(value = Message.StepDone.class, name = "step-done"),
  @JsonSubTypes.Type(value = Message.KeepSlices.class, name = "keep-slices"),
  @JsonSubTypes.Type(value = Message.TakeSlice.class, name = "take-slice"),
  @JsonSubTypes.Type(value = Message.Decide.class, name = "decide"),
  @JsonSubTypes.Type(value = Message.SendSlices.class, name = "send-slices"),
  @JsonSubTypes.Type(value = Message.SliceSent.class, name = "slice-sent"),
  @JsonSubTypes.Type(value = Message.SendKept.class, name = "send-kept"),
  @JsonSubTypes.Type(value = Message.KeptSent.class, name = "kept-sent"),
  @JsonSubTypes.Type(value = Message.Mirrored.class, name = "mirrored"),
  @JsonSubTypes.Type(value = Message.Leave.class, name = "leave"),
  @JsonSubTypes.Type(value = Message.MirrorGradients.class, name = "mirror-gradients"),
  @JsonSubTypes.Type(value = Message.ReplicaGradients.class, name = "replica-gradients"),
  @JsonSubTypes.Type(value = Message.ReplicaWeights.class, name = "replica-weights"),
  @JsonSubTypes.Type(value = Message.TiedGradient.class, name = "tied-gradient"),
  @JsonSubTypes.Type(value = Message.TiedWeights.class, name = "tied-weights"),
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

  /**
   * A piece of a stage's gradients, beside it, is final while the stage's last backward pass still
   * runs. Pieces come from the end of the stage's flat vector towards the begin.
   *
   * @param offset where in the stage's flat vector the piece begins
   */
  record GradientsFinished(int stage, long step, int attempt, long offset) implements Message {}

  /**
   * A stage is done with a step; its spans and, if it trained, its gradients, but for those that
   * were sent as {@link GradientsFinished}, are beside it.
   */
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

  /**
   * The stages of an executor are to keep weights and updater state themselves.
   *
   * @param run the same for all stages that follow each other in a run
   * @param owners which of the replicas of a stage has its weights
   * @param ties which parameters of which stages are used by others
   * @param mirrored stages of another executor, whose slices are to be mirrored here
   * @param mirror a stage of the executor that mirrors those here
   */
  record KeepSlices(
      UUID run, SliceOwners owners, List<TiedUse> ties, List<StageSpec> mirrored, int mirror)
      implements Message {

    /** What {@link #mirror} is where there is no other executor. */
    static final int NO_MIRROR = -1;
  }

  /**
   * What a stage goes on from: weights and updater state of its own parameters are beside it.
   *
   * @param updates how many updates they have seen
   */
  record TakeSlice(int stage, long updates) implements Message {}

  /** What the driver decided about a step. */
  record Decide(StepDecision decision) implements Message {}

  /** The stages of an executor are to send what {@link TakeSlice} once gave them, as it now is. */
  record SendSlices() implements Message {}

  /**
   * Weights and updater state of a stage's own parameters are beside it.
   *
   * @param updates how many updates they have seen
   */
  record SliceSent(int stage, long updates) implements Message {}

  /**
   * An executor is to send what stages of the run have left in its process: each slice as a {@link
   * SliceSent}, then {@link KeptSent}.
   *
   * @param updates how many updates a slice must have seen
   * @param last the run's last decision, which a slice may not have followed yet; none before the
   *     first
   */
  record SendKept(UUID run, long updates, List<StepDecision> last) implements Message {}

  /** All that was left is sent. */
  record KeptSent() implements Message {}

  /** The gradients of a slice are with the executor that mirrors it. */
  record Mirrored(int stage, long step, int attempt) implements Message {}

  /** The stage host is to end, and to leave in its process what only it has. */
  record Leave() implements Message {}

  /** What an executor's stage says to another's. */
  sealed interface BetweenStages extends Message {

    /** How many updates the weights had seen in the step that it belongs to. */
    long update();

    /** Whether it belongs to a step, or a try of this step, before one. */
    boolean isBefore(long update, int attempt);

    /** What it is, for people. */
    String words();
  }

  /** Of a try of a step. */
  sealed interface OfTry extends BetweenStages {

    /** How many updates the weights had seen. */
    long step();

    /** Which try of the step. */
    int attempt();

    @Override
    default long update() {
      return step();
    }

    @Override
    default boolean isBefore(long other, int otherAttempt) {
      return step() < other || (step() == other && attempt() < otherAttempt);
    }
  }

  /** Of weights, whichever try of a step they are for. */
  sealed interface OfWeights extends BetweenStages {

    /** How many updates they have seen. */
    long updates();

    @Override
    default long update() {
      return updates();
    }

    @Override
    default boolean isBefore(long other, int otherAttempt) {
      return updates() < other;
    }
  }

  /** The gradients of a stage's slice, for the executor that mirrors it, are beside it. */
  record MirrorGradients(int stage, long step, int attempt) implements OfTry {

    /** Their name. */
    static final String GRADIENTS = "gradients";

    @Override
    public String words() {
      return "gradients of stage " + stage;
    }
  }

  /** The gradient of a use of a shared parameter, for its owner, is beside it. */
  record TiedGradient(TiedUse use, long step, int attempt) implements OfTry {

    @Override
    public String words() {
      return "gradient of " + use.copy() + " from stage " + use.user();
    }
  }

  /**
   * The gradients of one of the replicas of a stage, for their owner, are beside it.
   *
   * @param stage the one that they are of
   */
  record ReplicaGradients(int stage, long step, int attempt) implements OfTry {

    /** Their name. */
    static final String GRADIENTS = "gradients";

    /** The name of the number of examples that they are over, an int64. */
    static final String EXAMPLES = "examples";

    @Override
    public String words() {
      return "gradients of stage " + stage + " for the replica that has its weights";
    }
  }

  /**
   * The weights that are a stage's own, from their owner, are beside it.
   *
   * @param stage the one that they are for
   */
  record ReplicaWeights(int stage, long updates) implements OfWeights {

    /** Their name. */
    static final String WEIGHTS = "weights";

    @Override
    public String words() {
      return "weights of stage " + stage + " from the replica that has them";
    }
  }

  /**
   * The weights of a shared parameter, for a stage that uses it, are beside it.
   *
   * @param stage the number of that stage, those of all replicas counted
   */
  record TiedWeights(TiedUse use, int stage, long updates) implements OfWeights {

    @Override
    public String words() {
      return "weights of " + use.parameter() + " from stage " + use.owner();
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
