package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.checkpoint.Checkpoint;
import io.stagecoach.checkpoint.CheckpointName;
import io.stagecoach.checkpoint.CheckpointStore;
import io.stagecoach.checkpoint.Counters;
import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.checkpoint.RecordedPlan;
import io.stagecoach.checkpoint.RunState;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.spark.data.DataSnapshot;
import io.stagecoach.spark.data.HadoopChunkStorage;
import io.stagecoach.spark.data.Learned;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.dataset.api.preprocessor.MultiNormalizerStandardize;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;
import org.nd4j.linalg.dataset.api.preprocessor.stats.DistributionStats;
import org.nd4j.linalg.factory.Nd4j;

class SavedModelTest {

  @TempDir Path directory;

  @Test
  void whatIsNoModelIsSaidOfTheFileThatTheUserNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("model.zip"), "no zip");

    assertThatThrownBy(
            () -> SavedModel.read(new ModelFileAccess(new Configuration()), directory.toString()))
        .isInstanceOfSatisfying(
            StagecoachException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(ErrorKind.MODEL);
              assertThat(e.what()).startsWith(file + ": ");
              assertThat(e.remedy()).isNotEmpty();
            });
  }

  /** Plain DL4J restores the normalizer of several inputs, and so does a later run. */
  @Test
  void keepsTheNormalizerOfSeveralInputs() throws IOException {
    MultiNormalizerStandardize normalizer = new MultiNormalizerStandardize();
    normalizer.setFeatureStats(
        List.of(
            new DistributionStats(
                Nd4j.create(new double[][] {{1}}), Nd4j.create(new double[][] {{2}})),
            new DistributionStats(
                Nd4j.create(new double[][] {{3, 4}}), Nd4j.create(new double[][] {{5, 6}}))));
    Path file = directory.resolve("model.zip");
    String json =
        ModelPresets.named("mlp")
            .configuration(new DataShape.Table(4, 3), Map.of("hidden", "5"))
            .toJson();
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      new SavedModel(
              model,
              new Learned(List.of(), Optional.empty(), Optional.of(normalizer)),
              Optional.empty())
          .write(file);
    }

    SavedModel read = SavedModel.read(new ModelFileAccess(new Configuration()), file.toString());
    read.updater().close();
    assertThat(read.learned().normalizer()).contains(normalizer);
    Normalizer<?> plain = ModelSerializer.restoreNormalizerFromFile(file.toFile());
    assertThat(plain).isEqualTo(normalizer);
  }

  @Test
  void saysWhatItWasTrainedOn() {
    DataSnapshot data =
        new DataSnapshot("lake.events", DataSnapshot.Kind.ICEBERG, "815", Optional.empty());
    Learned learned = new Learned(List.of(), Optional.empty(), Optional.empty());
    try (Dl4jModelUpdater model =
        Dl4jModelUpdater.create(
            ModelPresets.named("mlp")
                .configuration(new DataShape.Table(4, 3), Map.of("hidden", "5"))
                .toJson())) {
      new SavedModel(model, learned, Optional.of(data)).write(directory.resolve("model.zip"));
    }

    SavedModel read =
        SavedModel.read(new ModelFileAccess(new Configuration()), directory.toString());

    try (Dl4jModelUpdater again = read.updater()) {
      assertThat(read.data()).contains(data);
      assertThat(again.parameters().length()).isPositive();
    }
  }

  /** Of a folder of generations it is the accepted one, whose pointer has the highest number. */
  @Test
  void readsTheAcceptedModel() throws IOException {
    Learned learned = new Learned(List.of(), Optional.empty(), Optional.empty());
    for (int day = 1; day <= 3; day++) {
      Path folder =
          Files.createDirectories(directory.resolve("intervals/" + day + "/attempt-0001/model"));
      DataSnapshot data =
          new DataSnapshot("t", DataSnapshot.Kind.DELTA, "day " + day, Optional.empty());
      try (Dl4jModelUpdater model =
          Dl4jModelUpdater.create(
              ModelPresets.named("mlp")
                  .configuration(new DataShape.Table(4, 3), Map.of("hidden", "5"))
                  .toJson())) {
        new SavedModel(model, learned, Optional.of(data)).write(folder.resolve("model.zip"));
      }
    }
    Files.createDirectories(directory.resolve("accepted"));
    for (int number = 9; number <= 10; number++) {
      Files.writeString(
          directory.resolve(String.format(Locale.ROOT, "accepted/%010d.json", number)),
          "{\"number\": %d, \"model\": {\"interval\": \"%d\", \"attempt\": 1, \"path\": \"intervals/%d/attempt-0001/model\"}}"
              .formatted(number, number - 8, number - 8));
    }

    SavedModel read =
        SavedModel.read(new ModelFileAccess(new Configuration()), directory.toString());

    read.updater().close();
    assertThat(read.data().orElseThrow().id()).isEqualTo("day 2");
  }

  /** A checkpoint goes in wherever a saved model does, by its folder and by its directory. */
  @Test
  void readsACheckpoint() throws IOException {
    String json =
        ModelPresets.named("mlp")
            .configuration(new DataShape.Table(4, 3), Map.of("hidden", "5"))
            .toJson();
    Learned learned = new Learned(List.of("a", "b", "c"), Optional.empty(), Optional.empty());
    HadoopChunkStorage storage =
        new HadoopChunkStorage(
            new org.apache.hadoop.fs.Path(directory.toUri()), new Configuration());
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      model.flatUpdaterState().assign(0.25);
      CheckpointName name = write(storage, model, learned);
      for (Path from : List.of(directory, directory.resolve(name.toString()))) {
        SavedModel read =
            SavedModel.read(new ModelFileAccess(new Configuration()), from.toString());
        try (Dl4jModelUpdater again = read.updater()) {
          assertThat(again.parameters()).isEqualTo(model.parameters());
          assertThat(again.flatUpdaterState().toDoubleVector()).containsOnly(0.25);
          assertThat(again.iterations()).isEqualTo(70);
          assertThat(again.epochs()).isEqualTo(2);
          assertThat(read.learned().labelNames()).containsExactly("a", "b", "c");
        }
      }
      Files.write(
          directory.resolve(name.toString()).resolve("weights.arrow"), new byte[] {1, 2, 3});
      assertThatThrownBy(
              () ->
                  SavedModel.read(
                      new ModelFileAccess(new Configuration()),
                      directory.resolve(name.toString()).toString()))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
          .hasMessageContaining("weights.arrow is damaged");
    }
  }

  private static CheckpointName write(
      HadoopChunkStorage storage, Dl4jModelUpdater model, Learned learned) throws IOException {
    StateLayout layout = model.stateLayout();
    try (Checkpoint checkpoint =
        new Checkpoint(
            new RunState(
                new Position(70, 2, 10, 0),
                new Counters(70, 2, 0, 0, 0),
                42,
                new RecordedPlan(List.of(0), 4, "1f1b", "streaming", List.of()),
                Fingerprint.of(Map.of()),
                learned.toTexts(),
                ""),
            model.json(),
            StateLayout.views(layout.weights(), model.parameters()),
            StateLayout.views(layout.updater(), model.flatUpdaterState()))) {
      return new CheckpointStore(storage, Clock.systemUTC()).write(checkpoint);
    }
  }
}
