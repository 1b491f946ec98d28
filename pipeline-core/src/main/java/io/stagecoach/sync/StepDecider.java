package io.stagecoach.sync;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.sync.StepJudge.Evidence;
import io.stagecoach.sync.Synchronizer.Counts;
import java.util.ArrayList;
import java.util.List;

/**
 * The driver's side of a step whose weights are with the stages: of their gradients it sees the
 * norms only, and decides by the same arithmetic as the {@link Synchronizer}. One thread calls it.
 */
public final class StepDecider {

  private final ParameterLayout model;
  private final StepJudge judge;
  private List<Integer> tensors;

  /**
   * @param model the whole model's layout
   * @param stageLayouts what each stage's flat vector is made of, in order
   * @param before what was counted before
   */
  public StepDecider(
      ParameterLayout model,
      List<ParameterLayout> stageLayouts,
      Counts before,
      SyncSettings settings) {
    this.model = model;
    this.judge = new StepJudge(settings, before);
    recut(stageLayouts);
  }

  /**
   * The model is cut into other stages from the next step on.
   *
   * @param stageLayouts what each stage's flat vector is made of, in order
   * @throws IllegalArgumentException where they do not have the model's parameters in its order
   */
  public void recut(List<ParameterLayout> stageLayouts) {
    List<String> own = new ArrayList<>();
    List<Integer> counts = new ArrayList<>();
    for (ParameterLayout stage : stageLayouts) {
      List<String> ofStage =
          stage.views().stream().filter(view -> !view.isCopy()).map(View::name).toList();
      own.addAll(ofStage);
      counts.add(
          (int) stage.views().stream().filter(view -> !view.isCopy() && view.length() > 0).count());
    }
    List<String> all = model.views().stream().map(View::name).toList();
    if (!own.equals(all)) {
      throw new IllegalArgumentException("stages have " + own + ", the model has " + all);
    }
    tensors = List.copyOf(counts);
  }

  /** What was counted so far. */
  public Counts counts() {
    return judge.counts();
  }

  /**
   * Decides about a step; from here on it counts, and whoever holds weights has to follow.
   *
   * @param parts the parts of all stages, in stage order, replica by replica, with the norms of the
   *     owners; borrowed
   * @throws StagecoachException DATA, NUMERIC as {@link Synchronizer#commit} does; PEER where a
   *     stage's norms are not as many as its tensors
   */
  public Judgement decide(long step, int epoch, List<StagePart> parts) {
    int count = tensors.size();
    SliceOwners owners = new SliceOwners(count, parts.size() / count);
    List<List<StagePart>> byStage = ReplicaSums.byStage(parts, count);
    Loss loss = Loss.none();
    double regularization = 0;
    TensorNorms norms = TensorNorms.none();
    for (int stage = 0; stage < count; stage++) {
      loss = loss.plus(ReplicaSums.loss(byStage.get(stage)));
      // Every replica has the same weights.
      regularization += parts.get(stage).report().regularization();
      norms = norms.then(norms(step, stage, parts.get(owners.ownerOf(stage))));
    }
    // Every stage of a replica saw the same examples.
    long examples = byStage.get(0).stream().mapToLong(replica -> replica.report().examples()).sum();
    int attempt = parts.get(0).report().attempt();
    return judge.judge(step, epoch, new Evidence(attempt, loss, regularization, examples, norms));
  }

  private TensorNorms norms(long step, int stage, StagePart owner) {
    TensorNorms own = TensorNorms.from(owner.gradients());
    if (own.count() != tensors.get(stage)) {
      throw new StagecoachException(
          ErrorKind.PEER,
          own.count() + " norms came, not " + tensors.get(stage),
          Where.stage(owner.report().stage()).atStep(step),
          "All executors must run the same version of the job.",
          null);
    }
    return own;
  }
}
