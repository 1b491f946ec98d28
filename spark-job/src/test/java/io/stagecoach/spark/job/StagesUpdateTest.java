package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.cluster.StageSlices;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.sync.TensorNorms;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.learning.config.Adam;

/** The driver's side of stages that keep their own weights: two of them, which are made up here. */
class StagesUpdateTest {

  private static final String JSON =
      new NeuralNetConfiguration.Builder()
          .seed(3)
          .updater(new Adam(0.1))
          .list()
          .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
          .layer(new OutputLayer.Builder().nIn(4).nOut(2).build())
          .build()
          .toJson();

  private final Dl4jModelUpdater model = Dl4jModelUpdater.create(JSON);

  /** What the stages have: other numbers than the driver's. */
  private final Dl4jModelUpdater theirs = Dl4jModelUpdater.create(JSON);

  private final List<ParameterLayout> layouts =
      List.of(model.stageLayout(0, 1), model.stageLayout(1, 2));
  private final StagesUpdate updates =
      new StagesUpdate(
          model, layouts, 1, new Counts(7, 0), new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
  private final List<String> heard = new ArrayList<>();

  StagesUpdateTest() {
    theirs.parameters().assign(0.25);
    theirs.flatUpdaterState().assign(0.5);
  }

  @AfterEach
  void close() {
    updates.close();
    theirs.close();
  }

  @Test
  void theDriversModelIsThatOfTheLastGathering() {
    updates.placed(stages(Set.of(0, 1), false));
    updates.gather();
    assertThat(heard).as("nothing has changed").containsExactly("keep", "give 0@7", "give 1@7");

    assertThat(updates.weights(0).isEmpty()).as("the driver sends none").isTrue();
    step();
    assertThat(updates.updates()).isEqualTo(8);
    assertThat(model.parameters()).isNotEqualTo(theirs.parameters());
    updates.gather();
    updates.gather();
    assertThat(heard.subList(3, heard.size())).containsExactly("follow 7", "gather [0, 1]@8");
    assertThat(model.parameters()).isEqualTo(theirs.parameters());
    assertThat(model.flatUpdaterState()).isEqualTo(theirs.flatUpdaterState());
    assertThat(model.iterations()).isEqualTo(8);
  }

  @Test
  void stagesInTheSteadOfOthersBeginWithWhatThoseHaveLeft() {
    updates.placed(stages(Set.of(0, 1), false));
    step();
    updates.lost(lost());
    updates.placed(stages(Set.of(0, 1), false));
    assertThat(heard.subList(3, heard.size()))
        .containsExactly("follow 7", "recover [0, 1]@8 after 7", "keep", "give 0@8", "give 1@8");
    assertThat(model.parameters()).isEqualTo(theirs.parameters());
  }

  @Test
  void whatAllHaveLostThatHadItEndsTheRun() {
    updates.placed(stages(Set.of(0, 1), false));
    step();
    Pipeline others = stages(Set.of(0), false);
    assertThatThrownBy(() -> updates.placed(others))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
              assertThat(e.remedy()).contains("checkpoint");
            })
        .hasMessageContaining("stages [1]");
    assertThatThrownBy(() -> updates.lost(lost())).hasMessageContaining("stages [1]");
    assertThat(model.parameters()).as("not half of it").isNotEqualTo(theirs.parameters());
  }

  @Test
  void whatFailsWhileItIsGatheredIsMended() {
    updates.mendedBy(
        failure -> {
          heard.add(failure.what());
          updates.placed(stages(Set.of(0, 1), false));
        });
    updates.placed(stages(Set.of(0, 1), true));
    step();
    updates.gather();
    assertThat(heard.subList(4, heard.size()))
        .containsExactly(
            "gather [0, 1]@8",
            "an executor was lost",
            "recover [0, 1]@8 after 7",
            "keep",
            "give 0@8",
            "give 1@8");
    assertThat(model.parameters()).isEqualTo(theirs.parameters());
  }

  private static StagecoachException lost() {
    return new StagecoachException(ErrorKind.EXECUTOR_LOST, "an executor was lost", "");
  }

  private void step() {
    List<StagePart> parts = new ArrayList<>();
    for (int stage = 0; stage < 2; stage++) {
      Loss loss = stage == 1 ? new Loss(3, 2, 2, List.of()) : Loss.none();
      long trainable =
          layouts.get(stage).views().stream().filter(v -> v.kind() == Kind.TRAINABLE).count();
      TensorNorms norms = new TensorNorms(Collections.nCopies((int) trainable, 1.0), List.of());
      parts.add(
          new StagePart(
              new StageStep(stage, stage, 7, 0, loss, 2, 0, 0, List.of(), Traffic.none(), 0),
              norms.toTensors()));
    }
    assertThat(updates.commit(0, 0, parts).globalNorm()).isEqualTo(1.0);
    parts.forEach(StagePart::close);
  }

  /**
   * Stages.
   *
   * @param left those whose weights are left of the ones before them
   * @param failing whether an executor is lost while weights are gathered
   */
  private Pipeline stages(Set<Integer> left, boolean failing) {
    return new Placed(new Slices(left, failing));
  }

  private final class Slices implements StageSlices {

    private final Set<Integer> left;
    private final boolean failing;

    Slices(Set<Integer> left, boolean failing) {
      this.left = left;
      this.failing = failing;
    }

    @Override
    public void keep(UUID run, List<TiedUse> ties) {
      heard.add("keep");
    }

    @Override
    public Map<Integer, SliceState> recover(
        UUID run, List<Integer> wanted, long seen, Optional<StepDecision> last) {
      heard.add("recover " + wanted + "@" + seen + " after " + last.orElseThrow().update());
      return states(left);
    }

    @Override
    public void give(int stage, long seen, SliceState state) {
      heard.add("give " + stage + "@" + seen);
    }

    @Override
    public void follow(StepDecision decision) {
      heard.add("follow " + decision.update());
    }

    @Override
    public Map<Integer, SliceState> gather(List<Integer> wanted, long seen) {
      heard.add("gather " + wanted + "@" + seen);
      if (failing) {
        throw lost();
      }
      return states(new HashSet<>(wanted));
    }

    private Map<Integer, SliceState> states(Set<Integer> stages) {
      Map<Integer, SliceState> states = new TreeMap<>();
      for (int stage : stages) {
        Set<String> names = new HashSet<>();
        layouts.get(stage).views().forEach(view -> names.add(view.name()));
        StateLayout part = theirs.stateLayout().of(names);
        Tensors weights = StateLayout.views(part.weights(), theirs.parameters());
        Tensors state = StateLayout.views(part.updater(), theirs.flatUpdaterState());
        states.put(stage, new SliceState(weights, state));
      }
      return states;
    }
  }

  /** Does nothing else. */
  private record Placed(StageSlices slices) implements Pipeline {

    @Override
    public List<StageAddress> stages() {
      return List.of();
    }

    @Override
    public Map<Integer, ProcessMemory> memory() {
      return Map.of();
    }

    @Override
    public int nextAttempt(long step) {
      return 0;
    }

    @Override
    public void use(ScheduleAuthor author) {
      throw new AssertionError(author);
    }

    @Override
    public void tell(Order order) {
      throw new AssertionError(order);
    }

    @Override
    public List<StagePart> await(GradientArrivals arrivals) {
      throw new AssertionError("nothing was told");
    }

    @Override
    public void abandon() {}

    @Override
    public void close() {}
  }
}
