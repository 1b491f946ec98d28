package io.stagecoach.benchmarks;

import io.stagecoach.batch.ChunkInfo;
import io.stagecoach.batch.ChunkWriter;
import io.stagecoach.batch.ColumnData;
import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.StoreManifest;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * A network and made-up data for it, a pure function of the seed: one batch store, which both sides
 * of a comparison read.
 *
 * @param name what it is called in tables
 * @param model DL4J's configuration as JSON
 * @param microBatchRows the examples of a micro-batch
 * @param timeSteps the length of sequences; 1 where there are none
 * @param columns the columns of the store
 * @param rows makes so many rows of them
 */
record Workload(
    String name,
    String model,
    int microBatchRows,
    int timeSteps,
    List<ColumnSpec> columns,
    Rows rows) {

  static final long SEED = 7;

  /** Rows are read as they are stored, so that every step has the same. */
  static final ReadOptions READING = ReadOptions.stored().withFloats(ReadOptions.Floats.FLOAT32);

  /** Makes rows. */
  interface Rows {
    List<ColumnData> of(SplittableRandom random, int rows);
  }

  /**
   * Dense layers of one width, so that they can be cut evenly.
   *
   * @param layers how many, the output layer not counted
   */
  static Workload mlp(String name, int width, int layers, int classes, int microBatchRows) {
    String hidden = String.join(",", Collections.nCopies(layers, Integer.toString(width)));
    String model =
        ModelPresets.named("mlp")
            .configuration(
                new DataShape.Table(width, classes),
                Map.of("hidden", hidden, "learningRate", "0.0001"))
            .toJson();
    return table(name, model, width, classes, microBatchRows);
  }

  /** Convolutions, batch norms, pooling and dense layers over images of 8 × 8. */
  static Workload cnn(String name, int microBatchRows) {
    String model =
        new NeuralNetConfiguration.Builder()
            .seed(SEED)
            .updater(new Adam(0.001))
            .activation(Activation.RELU)
            .list()
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).padding(1, 1).build())
            .layer(new BatchNormalization())
            .layer(new ConvolutionLayer.Builder(3, 3).nOut(4).padding(1, 1).build())
            .layer(new BatchNormalization())
            .layer(new SubsamplingLayer.Builder().kernelSize(2, 2).stride(2, 2).build())
            .layer(new DenseLayer.Builder().nOut(16).build())
            .layer(new DenseLayer.Builder().nOut(12).dropOut(0.8).build())
            .layer(
                new OutputLayer.Builder(LossFunction.MCXENT)
                    .activation(Activation.SOFTMAX)
                    .nOut(3)
                    .build())
            .setInputType(InputType.convolutionalFlat(8, 8, 1))
            .build()
            .toJson();
    return table(name, model, 64, 3, microBatchRows);
  }

  private static Workload table(
      String name, String model, int width, int classes, int microBatchRows) {
    ColumnSpec features = ColumnSpec.of(Columns.FEATURES, ColumnSpec.Type.FLOAT32, width);
    ColumnSpec labels = ColumnSpec.of(Columns.LABELS, ColumnSpec.Type.FLOAT32, classes);
    return new Workload(
        name,
        model,
        microBatchRows,
        1,
        List.of(features, labels),
        (random, rows) -> {
          float[] values = new float[rows * width];
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) (2 * random.nextDouble() - 1);
          }
          float[] oneHot = new float[rows * classes];
          for (int row = 0; row < rows; row++) {
            oneHot[row * classes + random.nextInt(classes)] = 1;
          }
          return List.of(ColumnData.of(features, values), ColumnData.of(labels, oneHot));
        });
  }

  /** The character model: an embedding, LSTM layers of one width, a softmax at every time step. */
  static Workload lstm(
      String name, int width, int layers, int vocabulary, int timeSteps, int microBatchRows) {
    String model =
        ModelPresets.named("char-lstm")
            .configuration(
                new DataShape.Text(vocabulary),
                Map.of("width", "" + width, "layers", "" + layers, "learningRate", "0.0005"))
            .toJson();
    ColumnSpec features = ColumnSpec.sequence(Columns.FEATURES, ColumnSpec.Type.INT32, timeSteps);
    ColumnSpec labels =
        ColumnSpec.sequence(Columns.LABELS, ColumnSpec.Type.FLOAT32, vocabulary, timeSteps);
    return new Workload(
        name,
        model,
        microBatchRows,
        timeSteps,
        List.of(features, labels),
        (random, rows) -> {
          int[] characters = random.ints((long) rows * timeSteps, 0, vocabulary).toArray();
          float[] oneHot = new float[rows * vocabulary * timeSteps];
          for (int row = 0; row < rows; row++) {
            for (int t = 0; t < timeSteps; t++) {
              oneHot[(row * vocabulary + random.nextInt(vocabulary)) * timeSteps + t] = 1;
            }
          }
          return List.of(ColumnData.of(features, characters), ColumnData.of(labels, oneHot));
        });
  }

  /**
   * A GPT whose output has the embedding's weights, over random tokens.
   *
   * @param settings the preset's, beside the context, which is the length of the sequences
   */
  static Workload gpt(
      String name,
      Map<String, String> settings,
      int vocabulary,
      int timeSteps,
      int microBatchRows) {
    Map<String, String> all = new HashMap<>(settings);
    all.put("context", Integer.toString(timeSteps));
    String model =
        ModelPresets.named("gpt-tiny").configuration(new DataShape.Text(vocabulary), all).toJson();
    ColumnSpec features = ColumnSpec.sequence(Columns.FEATURES, ColumnSpec.Type.INT32, timeSteps);
    ColumnSpec labels = ColumnSpec.sequence(Columns.LABELS, ColumnSpec.Type.INT32, timeSteps);
    return new Workload(
        name,
        model,
        microBatchRows,
        timeSteps,
        List.of(features, labels),
        (random, rows) ->
            List.of(
                ColumnData.of(features, tokens(random, rows * timeSteps, vocabulary)),
                ColumnData.of(labels, tokens(random, rows * timeSteps, vocabulary))));
  }

  private static int[] tokens(SplittableRandom random, int count, int vocabulary) {
    return random.ints(count, 0, vocabulary).toArray();
  }

  /** Writes a store of so many micro-batches, a chunk each. */
  void write(Path folder, int microBatches) {
    LocalStorage storage = new LocalStorage(folder);
    SplittableRandom random = new SplittableRandom(SEED);
    List<ChunkInfo> chunks = new ArrayList<>();
    for (int i = 0; i < microBatches; i++) {
      chunks.add(ChunkWriter.write(storage, "chunk-" + i, rows.of(random, microBatchRows)));
    }
    ManifestFile.commit(
        storage, StoreManifest.of(name, SEED, columns, chunks, List.of(), Map.of()));
  }

  /** The micro-batches of a step, the same in every step. */
  List<Slice> slices(int microBatches) {
    int batch = microBatches * microBatchRows;
    return new MicroBatches(batch, batch, microBatches).slices(Slice.Split.TRAINING, 0, 0);
  }
}
