package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.KerasFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.modelimport.keras.KerasModelImport;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** From Keras's own file through DL4J's import to executors, and back. */
class KerasIT {

  @TempDir Path directory;

  @Test
  void aNetworkOfKerasGoesOnInStages() throws Exception {
    Workshop workshop = new Workshop(directory);
    workshop.table(400);
    Path file = workshop.path("keras.h5");
    new KerasFile(
            List.of(
                dense(Workshop.FEATURES, 16, "tanh"),
                dense(16, 8, "tanh"),
                dense(8, Workshop.CLASSES, "softmax")))
        .write(file);
    MultiLayerNetwork imported =
        KerasModelImport.importKerasSequentialModelAndWeights(file.toString(), true);
    Path zip = workshop.path("keras.zip");
    ModelSerializer.writeModel(imported, zip.toFile(), true);

    MultiLayerNetwork cut = train(workshop, zip, "cut", 2);
    MultiLayerNetwork uncut = train(workshop, zip, "uncut", 1);

    Networks.assertSame(cut, uncut);
    assertThat(cut.params().distance2(imported.params())).isGreaterThan(0.1);
  }

  private static KerasFile.Dense dense(int inputs, int units, String activation) {
    Random random = new Random(units);
    INDArray kernel = Nd4j.create(DataType.FLOAT, inputs, units);
    for (int i = 0; i < kernel.length(); i++) {
      kernel.putScalar(i, random.nextGaussian() / Math.sqrt(inputs));
    }
    return new KerasFile.Dense(kernel, Nd4j.create(DataType.FLOAT, units), activation);
  }

  private static MultiLayerNetwork train(Workshop workshop, Path from, String name, int stages)
      throws IOException {
    Map<String, String> settings = workshop.classifierSettings();
    settings.remove("spark.stagecoach.model.config");
    settings.put("spark.stagecoach.model.from", from.toString());
    settings.put("spark.master", "local-cluster[" + stages + ",1,1024]");
    settings.put("spark.stagecoach.stages", String.valueOf(stages));
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    return workshop.network(name);
  }
}
