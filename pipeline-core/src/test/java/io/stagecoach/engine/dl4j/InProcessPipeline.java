package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.sync.StageWeights;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A pipeline of stage modules in one thread, without exchange: runs a schedule's compute actions in
 * any order that their needs allow, and updates a whole model.
 */
public final class InProcessPipeline implements AutoCloseable {

  private final List<StageModule> stages = new ArrayList<>();
  private final StageWeights weights;
  private final Dl4jModelUpdater updater;
  private final ScheduleAuthor author;
  private UnaryOperator<Tensors> wire = tensors -> tensors;
  private int blocks = 1;
  private boolean layerByLayer;
  private final Map<Integer, ToldGradients> told = new HashMap<>();

  /**
   * @param json the model
   * @param cuts the first layer of each stage but the first
   * @param mostMicroBatches the slots of each stage
   */
  public InProcessPipeline(
      String json,
      List<Integer> cuts,
      int mostMicroBatches,
      Recompute recompute,
      ScheduleAuthor author,
      long seed) {
    this(
        json,
        cuts,
        mostMicroBatches,
        Collections.nCopies(cuts.size() + 1, recompute),
        author,
        seed);
  }

  /**
   * @param recompute of each stage
   */
  public InProcessPipeline(
      String json,
      List<Integer> cuts,
      int mostMicroBatches,
      List<Recompute> recompute,
      ScheduleAuthor author,
      long seed) {
    this.updater = Dl4jModelUpdater.create(json);
    this.author = author;
    List<Integer> bounds = new ArrayList<>(List.of(0));
    bounds.addAll(cuts);
    bounds.add(updater.model().nodes().size());
    for (int s = 0; s < bounds.size() - 1; s++) {
      StageModule stage =
          new Dl4jStageModule(
              new StageSpec(
                  json,
                  s,
                  bounds.size() - 1,
                  bounds.get(s),
                  bounds.get(s + 1),
                  mostMicroBatches,
                  recompute.get(s),
                  seed));
      stages.add(stage);
    }
    weights =
        new StageWeights(
            updater.parameterLayout(), stages.stream().map(StageModule::parameterLayout).toList());
  }

  /**
   * What passes between stages goes through this.
   *
   * @param newWire takes tensors, which it owns, and gives what comes out
   */
  public InProcessPipeline through(UnaryOperator<Tensors> newWire) {
    wire = newWire;
    return this;
  }

  /** Micro-batches are summed in so many blocks. */
  public InProcessPipeline inBlocks(int count) {
    blocks = count;
    return this;
  }

  /** The whole model. */
  public Dl4jModelUpdater updater() {
    return updater;
  }

  /** The stages. */
  public List<StageModule> stages() {
    return stages;
  }

  /** One weight update; the loss of the step. */
  public Loss step(List<Tensors> microBatches, long step, int epoch, boolean carriesState) {
    Loss loss = gradients(microBatches, step, epoch, carriesState);
    long examples = loss.examples();
    INDArray whole = updater.parameters().ulike();
    whole.assign(0);
    for (int s = 0; s < stages.size(); s++) {
      StageGradients gradients = stages.get(s).gradients();
      if (gradients.examples() != examples) {
        throw new AssertionError("stage " + s + " counted " + gradients.examples());
      }
      if (gradients.flat().length() > 0) {
        weights.scatterOwn(s, gradients.flat(), whole);
      }
    }
    for (int s = 0; s < stages.size(); s++) {
      if (stages.get(s).parameterLayout().length() > 0) {
        weights.addCopies(s, stages.get(s).gradients().flat(), whole);
      }
    }
    ParameterLayout layout = updater.parameterLayout();
    for (View view : layout.views()) {
      if (view.kind() == Kind.STATISTIC) {
        whole
            .get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()))
            .divi(examples);
      }
    }
    updater.update(whole, examples, step, epoch);
    whole.close();
    return loss;
  }

  /** Forward and backward of a step; the gradients are then in the stages. */
  public Loss gradients(List<Tensors> microBatches, long step, int epoch, boolean carriesState) {
    giveWeights();
    int count = microBatches.size();
    StepContext context =
        new StepContext(step, 0, epoch, count, blocks, Mode.TRAINING, carriesState);
    stages.forEach(stage -> stage.beginStep(context));
    layerByLayer = step % 2 == 0;
    told.clear();
    // As many stages on one executor as they allow, if the author interleaves.
    int chunks = author.name().matches("interleaved-1f1b|looped-bfs") ? chunks() : 1;
    List<List<Action>> lists = author.compute(new PipelineShape(stages.size(), count, chunks));
    int[] next = new int[lists.size()];
    Map<Action, Tensors> results = new HashMap<>();
    Map<Integer, Tensors> lent = new HashMap<>();
    Loss[] losses = new Loss[count];
    boolean moved = true;
    while (moved) {
      moved = false;
      for (int e = 0; e < lists.size(); e++) {
        if (next[e] < lists.get(e).size()
            && run(lists.get(e).get(next[e]), microBatches, results, lent, losses)) {
          next[e]++;
          moved = true;
        }
      }
    }
    results.values().forEach(Tensors::close);
    lent.values().forEach(Tensors::close);
    told.forEach((stage, gradients) -> gradients.check(stages.get(stage).gradients().flat()));
    Loss sum = Loss.none();
    for (Loss loss : losses) {
      sum = sum.plus(loss);
    }
    return sum;
  }

  /** Forward only; the loss of each micro-batch, and what the last stage predicts. */
  public Forward infer(Tensors microBatch) {
    giveWeights();
    StepContext context = new StepContext(0, 0, 0, 1, Mode.INFERENCE, false);
    stages.forEach(stage -> stage.beginStep(context));
    Forward forward = null;
    for (StageModule stage : stages) {
      forward = stage.forward(0, inputs(stage, forward, microBatch));
    }
    return forward;
  }

  private int chunks() {
    return stages.size() % 2 == 0 ? 2 : stages.size();
  }

  private static Tensors inputs(StageModule stage, Forward before, Tensors microBatch) {
    Tensors own = columns(stage, microBatch);
    return before == null ? own : before.outputs().and(own);
  }

  private void giveWeights() {
    for (int s = 0; s < stages.size(); s++) {
      if (stages.get(s).parameterLayout().length() > 0) {
        stages.get(s).setParameters(weights.of(s, updater.parameters()));
      }
    }
  }

  /** Every other step ends layer by layer, and comes to the same. */
  private void end(int stage) {
    if (layerByLayer) {
      ToldGradients gradients = new ToldGradients();
      told.put(stage, gradients);
      stages.get(stage).endWith(gradients);
    }
  }

  private boolean run(
      Action action,
      List<Tensors> microBatches,
      Map<Action, Tensors> results,
      Map<Integer, Tensors> lent,
      Loss[] losses) {
    int s = action.stage();
    int m = action.microBatch();
    StageModule stage = stages.get(s);
    if (action instanceof Action.Forward) {
      Tensors in = Tensors.none();
      if (s > 0) {
        in = results.remove(new Action.Forward(s - 1, m));
        if (in == null) {
          return false;
        }
      }
      in = wire.apply(in);
      lent.put(s * microBatches.size() + m, in);
      Forward forward = stage.forward(m, in.and(columns(stage, microBatches.get(m))));
      results.put(action, forward.outputs());
      losses[m] = losses[m] == null ? forward.loss() : losses[m].plus(forward.loss());
      return true;
    }
    boolean last = m == microBatches.size() - 1;
    if (action instanceof Action.BackwardWeights) {
      if (last) {
        end(s);
      }
      stage.splitBackward().orElseThrow().backwardWeights(m);
      lent.remove(s * microBatches.size() + m).close();
      return true;
    }
    Tensors gradients = Tensors.none();
    if (s < stages.size() - 1) {
      gradients = results.remove(new Action.Backward(s + 1, m));
      if (gradients == null) {
        return false;
      }
      gradients = wire.apply(gradients);
    }
    boolean whole = action instanceof Action.Backward;
    if (whole && last) {
      end(s);
    }
    Tensors down =
        whole
            ? stage.backward(m, gradients)
            : stage.splitBackward().orElseThrow().backwardInput(m, gradients);
    results.put(new Action.Backward(s, m), down);
    gradients.close();
    if (whole) {
      lent.remove(s * microBatches.size() + m).close();
    }
    return true;
  }

  private static Tensors columns(StageModule stage, Tensors microBatch) {
    Map<String, INDArray> mine = new HashMap<>(microBatch.asMap());
    mine.keySet().retainAll(stage.dataColumns());
    return Tensors.viewsOf(mine, () -> {});
  }

  @Override
  public void close() {
    stages.forEach(StageModule::close);
    updater.close();
  }
}
