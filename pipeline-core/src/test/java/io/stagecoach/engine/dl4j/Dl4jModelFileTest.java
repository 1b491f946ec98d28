package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;

class Dl4jModelFileTest {

  private static final long SEED = 3;
  @TempDir Path directory;

  private static InProcessPipeline pipeline() {
    return new InProcessPipeline(Networks.cnn(), List.of(2), 3, Recompute.NONE, new GPipe(), SEED);
  }

  private static List<Tensors> batch(int step) {
    return Batches.split(Batches.images(step, 12, 8, 3), 3);
  }

  @Test
  void plainDl4jLoadsItPredictsTheSameAndGoesOn() throws IOException {
    Path path = directory.resolve("sub").resolve("model.zip");
    NormalizerStandardize normalizer = new NormalizerStandardize();
    INDArray features = Batches.uniform(4, 12, 1, 8, 8);
    normalizer.fit(new DataSet(Batches.uniform(4, 12, 5), Batches.uniform(5, 12, 3)));
    try (InProcessPipeline pipeline = pipeline()) {
      for (int step = 0; step < 3; step++) {
        pipeline.step(batch(step), step, 1, false);
      }
      pipeline.updater().setEpochs(2);
      Dl4jModelFile.save(
          path,
          pipeline.updater(),
          Optional.of(normalizer),
          Map.of("labels", new ArrayList<>(List.of("a", "b", "c"))));

      MultiLayerNetwork plain = ModelSerializer.restoreMultiLayerNetwork(path.toFile(), true);
      assertThat(plain.getIterationCount()).isEqualTo(3);
      assertThat(plain.getEpochCount()).isEqualTo(2);
      assertThat(plain.params().reshape(plain.numParams()))
          .isEqualTo(pipeline.updater().parameters());
      assertThat(
              plain
                  .getUpdater()
                  .getStateViewArray()
                  .reshape(plain.getUpdater().getStateViewArray().length()))
          .isEqualTo(pipeline.updater().updaterState());
      INDArray predicted =
          pipeline
              .infer(Batches.tensors(Columns.FEATURES, features))
              .outputs()
              .get(Boundary.ACTIVATIONS);
      assertThat(plain.output(features)).isEqualTo(predicted);
      plain.fit(features, Batches.oneHot(Batches.classes(1, 3, 12), 3));
      assertThat(plain.getIterationCount()).isEqualTo(4);
      assertThat(ModelSerializer.<List<String>>getObjectFromFile(path.toFile(), "labels"))
          .containsExactly("a", "b", "c");
      assertThat(ModelSerializer.<NormalizerStandardize>restoreNormalizerFromFile(path.toFile()))
          .isEqualTo(normalizer);
    }
    try (Stream<Path> left = Files.list(path.getParent())) {
      assertThat(left).containsExactly(path);
    }
  }

  @Test
  void openedItGoesOnAsIfItHadNeverStopped() {
    Path path = directory.resolve("model.zip");
    try (InProcessPipeline straight = pipeline();
        InProcessPipeline stopped = pipeline()) {
      for (int step = 0; step < 2; step++) {
        straight.step(batch(step), step, 0, false);
        stopped.step(batch(step), step, 0, false);
      }
      Dl4jModelFile.save(path, stopped.updater(), Optional.empty(), Map.of());
      Dl4jModelFile file = Dl4jModelFile.open(path);
      assertThat(file.normalizer()).isEmpty();
      assertThat(file.extras()).isEmpty();
      try (Dl4jModelUpdater opened = file.updater()) {
        assertThat(opened.iterations()).isEqualTo(2);
        // The same gradients must move both to the same place: weights and updater state are there.
        INDArray gradients = Batches.uniform(8, opened.parameters().length());
        opened.update(gradients.dup(), 12, 2, 0);
        straight.updater().update(gradients.dup(), 12, 2, 0);
        assertThat(opened.parameters()).isEqualTo(straight.updater().parameters());
      }
    }
  }

  @Test
  void refusesWhatIsNotAModel() throws IOException {
    assertRefused(directory.resolve("absent.zip"), "no such file");
    Path text = Files.writeString(directory.resolve("text.zip"), "no zip at all");
    assertRefused(text, "text.zip");
  }

  @Test
  void aGraphGoesOnWhereItsFileStands() throws IOException {
    Path path = directory.resolve("graph.zip");
    try (Dl4jModelUpdater straight = Dl4jModelUpdater.create(Graphs.residual())) {
      INDArray first = Batches.uniform(8, straight.parameters().length());
      straight.update(first.dup(), 12, 0, 0);
      straight.setEpochs(1);
      Dl4jModelFile.save(path, straight, Optional.empty(), Map.of());
      ComputationGraph plain = ModelSerializer.restoreComputationGraph(path.toFile(), true);
      assertThat(plain.params().reshape(plain.numParams())).isEqualTo(straight.parameters());
      try (Dl4jModelUpdater opened = Dl4jModelFile.open(path).updater()) {
        assertThat(opened.iterations()).isEqualTo(1);
        assertThat(opened.epochs()).isEqualTo(1);
        assertThat(opened.parameterLayout()).isEqualTo(straight.parameterLayout());
        INDArray second = Batches.uniform(9, straight.parameters().length());
        opened.update(second.dup(), 12, 1, 0);
        straight.update(second.dup(), 12, 1, 0);
        assertThat(opened.parameters()).isEqualTo(straight.parameters());
        assertThat(opened.updaterState()).isEqualTo(straight.updaterState());
      }
    }
  }

  private static void assertRefused(Path path, String text) {
    assertThatThrownBy(() -> Dl4jModelFile.open(path))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL))
        .hasMessageContaining(text);
  }

  @Test
  void aPathThatCannotBeWrittenIsAnOutputError() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    try (Dl4jModelUpdater updater = Dl4jModelUpdater.create(Networks.mlp())) {
      assertThatThrownBy(
              () ->
                  Dl4jModelFile.save(
                      file.resolve("model.zip"), updater, Optional.empty(), Map.of()))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.OUTPUT));
    }
  }
}
