package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.LocalStorage;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.Counters;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RecordedPlan;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.report.BestFigures;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.schedule.PipelineShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The losses of epochs 1, 2, … of three steps each are given; what is saved is looked at. */
class BestKeepingTest {

  private static final int STEPS = 3;
  private static final double[] LOSSES = {0.9, 0.5, 0.7, 0.4, 0.6, 0.8};

  @TempDir Path directory;
  private CheckpointStore store;
  private RunReporting reporting;

  @BeforeEach
  void begin() {
    store = new CheckpointStore(new LocalStorage(directory.resolve("best")), Clock.systemUTC());
    reporting =
        new RunReporting(
            new OneForwardOneBackward().schedule(new PipelineShape(1, 1)), 1, Optional.empty());
  }

  private static Dl4jModelUpdater after(int steps) {
    Dl4jModelUpdater model = Dl4jModelUpdater.create(Networks.mlp());
    for (int step = 0; step < steps; step++) {
      update(model, step);
    }
    model.setEpochs(steps / STEPS);
    return model;
  }

  private static void update(Dl4jModelUpdater model, int step) {
    INDArray gradients = Batches.uniform(step, model.parameters().length());
    model.update(gradients.castTo(model.parameters().dataType()), 4, step, step / STEPS);
  }

  private RunState state(Position position) {
    return new RunState(
        position,
        new Counters(position.step(), position.epoch(), 0, 0, 0),
        42,
        new RecordedPlan(List.of(0), 1, "1f1b", "streaming", List.of()),
        Fingerprint.of(Map.of()),
        Map.of(),
        reporting.history());
  }

  private BestKeeping keeping(Dl4jModelUpdater model) {
    return new BestKeeping(store, model, this::state, Duration.ofSeconds(10));
  }

  /**
   * Trains the epochs from one to another; what was best is the watch's and the report's to say.
   */
  private void train(Dl4jModelUpdater model, BestKeeping keeping, int from, int to) {
    ValidationWatch watch =
        new ValidationWatch(
            0,
            0,
            reporting.report().best(),
            best -> {
              reporting.best(best);
              keeping.better(best);
            });
    for (int epoch = from + 1; epoch <= to; epoch++) {
      for (int step = STEPS * (epoch - 1); step < STEPS * epoch; step++) {
        update(model, step);
      }
      double loss = LOSSES[epoch - 1];
      reporting.validated((long) STEPS * epoch - 1, new Loss(4 * loss, 4, 4, List.of()));
      watch.validated(epoch, (long) STEPS * epoch, loss);
    }
  }

  private WeightsToSave chosen(Dl4jModelUpdater model, BestKeeping keeping, int epochs) {
    return WeightsToSave.last(model, (long) STEPS * epochs, reporting.report().validation())
        .orBest(Optional.of(keeping), reporting.report().best());
  }

  private static void assertSame(Dl4jModelUpdater model, Dl4jModelUpdater other) {
    assertThat(model.parameters().data().asBytes()).isEqualTo(other.parameters().data().asBytes());
    assertThat(model.flatUpdaterState().data().asBytes())
        .isEqualTo(other.flatUpdaterState().data().asBytes());
    assertThat(model.iterations()).isEqualTo(other.iterations());
    assertThat(model.epochs()).isEqualTo(other.epochs());
    assertThat(model.json()).isEqualTo(other.json());
  }

  @Test
  void savesWhatARunThatEndedAtTheBestWouldHave() {
    try (Dl4jModelUpdater model = after(0);
        BestKeeping keeping = keeping(model);
        Dl4jModelUpdater endedThere = after(4 * STEPS)) {
      train(model, keeping, 0, 6);
      try (WeightsToSave weights = chosen(model, keeping, 6)) {
        assertSame(weights.updater(), endedThere);
        assertThat(weights.step()).isEqualTo(4 * STEPS);
        assertThat(weights.validation()).containsEntry("loss", 0.4);
      }
    }
  }

  /** The first process ends in epoch 5; the second begins where epoch 3 ended. */
  @Test
  void aRunThatGoesOnSavesTheSame() {
    String history;
    try (Dl4jModelUpdater model = after(0);
        BestKeeping keeping = keeping(model)) {
      train(model, keeping, 0, 3);
      history = reporting.history();
      train(model, keeping, 3, 4);
    }
    begin();
    reporting.goOn(history);
    assertThat(reporting.report().best()).isEqualTo(new BestFigures(2, 2 * STEPS, 0.5));
    try (Dl4jModelUpdater model = after(3 * STEPS);
        BestKeeping keeping = keeping(model);
        Dl4jModelUpdater before = after(2 * STEPS);
        Dl4jModelUpdater endedThere = after(4 * STEPS)) {
      try (WeightsToSave early = chosen(model, keeping, 3)) {
        assertSame(early.updater(), before);
        assertThat(early.validation()).containsEntry("loss", 0.5);
      }
      train(model, keeping, 3, 6);
      try (WeightsToSave weights = chosen(model, keeping, 6)) {
        assertSame(weights.updater(), endedThere);
      }
    }
  }

  @Test
  void savesTheLastOnesWhereTheyAreTheBestOrNothingIsKept() throws IOException {
    try (Dl4jModelUpdater model = after(0);
        BestKeeping keeping = keeping(model)) {
      train(model, keeping, 0, 4);
      assertThat(chosen(model, keeping, 4).updater()).isSameAs(model);
      train(model, keeping, 4, 5);
      assertThat(
              WeightsToSave.last(model, 5 * STEPS, Map.of())
                  .orBest(Optional.empty(), reporting.report().best())
                  .updater())
          .isSameAs(model);
      store.clear();
      assertThat(chosen(model, keeping, 5).updater()).isSameAs(model);
    }
  }

  /** What cannot be written costs the best weights, not the run. */
  @Test
  void goesOnWhereTheyCannotBeKept() throws IOException {
    Files.writeString(directory.resolve("best"), "in the way");
    try (Dl4jModelUpdater model = after(0);
        BestKeeping keeping = keeping(model)) {
      train(model, keeping, 0, 5);
      try (WeightsToSave weights = chosen(model, keeping, 5)) {
        assertThat(weights.updater()).isSameAs(model);
        assertThat(weights.step()).isEqualTo(5 * STEPS);
      }
    }
  }
}
