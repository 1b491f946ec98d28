package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.LocalStorage;
import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.Counters;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RecordedPlan;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;

class ResumptionTest {

  private static final Fingerprint BEFORE = Fingerprint.of(Map.of("batchSize", "32", "seed", "1"));
  private static final Fingerprint OTHER =
      Fingerprint.of(Map.of("batchSize", "64", "seed", "1", "learningRate.decaySteps", "9"));

  @TempDir Path directory;
  private CheckpointStore store;

  @BeforeEach
  void interrupted() throws IOException {
    store = new CheckpointStore(new LocalStorage(directory.resolve("c")), Clock.systemUTC());
    try (Checkpoint checkpoint =
        new Checkpoint(
            new RunState(
                new Position(70, 2, 10, 0),
                new Counters(70, 2, 0, 0, 0),
                42,
                new RecordedPlan(List.of(0), 8, "1f1b", "streaming", List.of()),
                BEFORE,
                Map.of(),
                ""),
            "{}",
            Tensors.of("0_W", Nd4j.ones(2, 2)),
            Tensors.none())) {
      store.write(checkpoint);
    }
  }

  private Resumption look(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set("spark.stagecoach." + settings[i], settings[i + 1]);
    }
    return Resumption.look(StagecoachConf.from(conf), store);
  }

  @Test
  void theSameRunGoesOn() {
    try (Resumption resumption = look()) {
      assertThat(resumption.goesOn(BEFORE)).isTrue();
      assertThat(resumption.run().orElseThrow().position().step()).isEqualTo(70);
    }
  }

  @Test
  void whatDiffersIsListed() {
    try (Resumption resumption = look()) {
      assertThatThrownBy(() -> resumption.goesOn(OTHER))
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> {
                assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION);
                assertThat(e.what())
                    .contains("interrupted at step 70")
                    .contains("batchSize was 32, is 64")
                    .contains("learningRate.decaySteps was not set, is 9")
                    .doesNotContain("seed");
                assertThat(e.remedy()).contains("resume.differing=restart");
              });
    }
  }

  @Test
  void differencesCanBeAcceptedOrBeginAnew() {
    try (Resumption accepts = look("resume.differing", "accept");
        Resumption restarts = look("resume.differing", "restart")) {
      assertThat(accepts.goesOn(OTHER)).isTrue();
      assertThat(restarts.goesOn(OTHER)).isFalse();
      assertThat(restarts.run()).isEmpty();
      restarts.beginAnew();
    }
    try (Resumption later = look()) {
      assertThat(later.goesOn(BEFORE)).as("another run has begun since").isFalse();
    }
  }

  @Test
  void neverIsNever() {
    try (Resumption resumption = look("resume", "never", "microBatches", "auto")) {
      assertThat(resumption.settled().microBatches().isAuto()).isTrue();
      assertThat(resumption.goesOn(BEFORE)).isFalse();
    }
  }

  @Test
  void theNumberOfMicroBatchesThatWasChosenStays() {
    try (Resumption open = look("microBatches", "auto", "schedule", "auto");
        Resumption set = look("microBatches", "2")) {
      assertThat(open.settled().microBatches().fixed()).contains(8);
      assertThat(open.settled().schedule().isAuto()).isTrue();
      assertThat(set.settled().microBatches().fixed()).contains(2);
    }
  }
}
