package io.stagecoach.spark.job;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.SliceHolder;
import io.stagecoach.spark.cluster.StageSlices;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.sync.Judgement;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepDecider;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.sync.WeightUpdates;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The stages update their own weights, as the driver decides from the norms of their gradients. The
 * driver's model has the weights of when they were last gathered.
 */
final class StagesUpdate implements WeightUpdates, SliceHolder {

  private final Dl4jModelUpdater model;
  private final int replicas;
  private final StepDecider decider;
  private List<ParameterLayout> stages;
  private StageSlices slices;
  private Consumer<StagecoachException> mending =
      failure -> {
        throw failure;
      };

  /** By what stages find what others before them have left. */
  private final UUID run = UUID.randomUUID();

  /** What stages may not have followed yet. */
  private Optional<StepDecision> last = Optional.empty();

  private Optional<StagecoachException> unrecoverable = Optional.empty();

  /** How many updates the driver's model has seen. */
  private long gathered;

  /**
   * @param model what the stages begin with; closed with this
   * @param stages what each stage's flat vector is made of, in order
   * @param replicas how many pipelines of these stages there are
   * @param before what was counted before
   */
  StagesUpdate(
      Dl4jModelUpdater model,
      List<ParameterLayout> stages,
      int replicas,
      Counts before,
      SyncSettings settings) {
    this.model = model;
    this.replicas = replicas;
    this.stages = List.copyOf(stages);
    this.decider = new StepDecider(model.parameterLayout(), stages, before, settings);
    this.gathered = before.updates();
  }

  @Override
  public Counts counts() {
    return decider.counts();
  }

  @Override
  public INDArray weights(int stage) {
    return Nd4j.empty(model.parameters().dataType());
  }

  @Override
  public StepOutcome commit(long step, int epoch, List<StagePart> parts) {
    Judgement judged = decider.decide(step, epoch, parts);
    last = Optional.of(judged.decision());
    slices.follow(judged.decision());
    return judged.outcome();
  }

  @Override
  public void recut(List<ParameterLayout> stageLayouts) {
    gather();
    decider.recut(stageLayouts);
    stages = List.copyOf(stageLayouts);
  }

  /** Where stages fail meanwhile, others are placed in their stead, and that gathers, too. */
  @Override
  public void gather() {
    while (!isGathered()) {
      try {
        take(slices.gather(owners(), updates()));
      } catch (StagecoachException e) {
        mending.accept(e);
      }
    }
  }

  private void take(Map<Integer, SliceState> states) {
    try {
      states.forEach(this::put);
    } finally {
      states.values().forEach(SliceState::close);
    }
    gathered = updates();
    model.setIterations(gathered);
  }

  private boolean isGathered() {
    return gathered == updates();
  }

  /** The stages that have weights: those with parameters, one of the replicas of each. */
  private List<Integer> owners() {
    List<Integer> owners = new ArrayList<>();
    for (int stage = 0; stage < stages.size(); stage++) {
      if (stages.get(stage).views().stream().anyMatch(StagesUpdate::isOwn)) {
        owners.add(new SliceOwners(stages.size(), replicas).ownerOf(stage));
      }
    }
    return owners;
  }

  private static boolean isOwn(View view) {
    return !view.isCopy() && view.length() > 0;
  }

  private void put(int stage, SliceState state) {
    StateLayout layout = layout(stage);
    try {
      StateLayout.put(state.weights(), layout.weights(), model.parameters());
      StateLayout.put(state.updater(), layout.updater(), model.flatUpdaterState());
    } catch (IllegalArgumentException e) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "A stage sent what are not its weights: " + e.getMessage(),
          Where.stage(stage),
          "All executors must run the same version of the job.",
          e);
    }
  }

  /** Where a stage's own tensors are in the driver's model. */
  private StateLayout layout(int stage) {
    Set<String> own = new HashSet<>();
    stages.get(stage % stages.size()).views().stream()
        .filter(StagesUpdate::isOwn)
        .forEach(view -> own.add(view.name()));
    return model.stateLayout().of(own);
  }

  @Override
  public void placed(Pipeline pipeline) {
    slices = pipeline.slices();
    if (!isGathered()) {
      recover();
    }
    slices.keep(run, TiedUse.of(stages));
    for (int stage : owners()) {
      StateLayout layout = layout(stage);
      Tensors weights = StateLayout.views(layout.weights(), model.parameters());
      Tensors state = StateLayout.views(layout.updater(), model.flatUpdaterState());
      slices.give(stage, gathered, new SliceState(weights, state));
    }
  }

  /** Takes what the stages before these have left. */
  private void recover() {
    Map<Integer, SliceState> left = slices.recover(run, owners(), updates(), last);
    List<Integer> missing = new ArrayList<>(owners());
    missing.removeAll(left.keySet());
    if (!missing.isEmpty()) {
      left.values().forEach(SliceState::close);
      unrecoverable =
          Optional.of(
              new StagecoachException(
                  ErrorKind.EXECUTOR_LOST,
                  "The weights of stages "
                      + missing
                      + " were lost with all executors that had them",
                  "The same command goes on from the last checkpoint, where the run has written one"
                      + " ("
                      + Settings.CHECKPOINT_INTERVAL.key()
                      + ")."));
      throw unrecoverable.get();
    }
    take(left);
  }

  @Override
  public void mendedBy(Consumer<StagecoachException> newMending) {
    mending = newMending;
  }

  @Override
  public void leaving() {
    gather();
  }

  @Override
  public void lost(StagecoachException cause) {
    if (unrecoverable.isPresent()) {
      throw unrecoverable.get();
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
