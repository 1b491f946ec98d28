package io.stagecoach.it;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The same training again and again, alone and disturbed: what comes of it must be the same. */
record Chaos(Workshop workshop, int steps) {

  private static final int ROWS = 1000;
  private static final int WIDTH = 320;

  /** What a disturbed run came to. */
  record Result(DisturbedRun run, StagecoachProcess.Outcome outcome, boolean identical) {}

  /** Prepares data and model; steps take long enough that something can happen in them. */
  static Chaos in(Path directory, int steps) {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    workshop.write("model.json", classifier().toJson());
    return new Chaos(workshop, steps);
  }

  private static MultiLayerConfiguration classifier() {
    return new NeuralNetConfiguration.Builder()
        .seed(3)
        .dataType(DataType.DOUBLE)
        .updater(new Adam(0.001))
        .l2(1e-4)
        .activation(Activation.TANH)
        .list()
        .layer(new DenseLayer.Builder().nIn(Workshop.FEATURES).nOut(WIDTH).dropOut(0.9).build())
        .layer(new DenseLayer.Builder().nIn(WIDTH).nOut(WIDTH).build())
        .layer(new DenseLayer.Builder().nIn(WIDTH).nOut(WIDTH).dropOut(0.9).build())
        .layer(new DenseLayer.Builder().nIn(WIDTH).nOut(WIDTH).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(WIDTH)
                .nOut(Workshop.CLASSES)
                .build())
        .build();
  }

  /** Settings of a run of this name. */
  Map<String, String> settings(String name, String exchange, String schedule) {
    Map<String, String> settings = new TreeMap<>(workshop.classifierSettings());
    settings.put("spark.stagecoach.batchSize", "128");
    settings.put("spark.stagecoach.epochs", "100000");
    settings.put("spark.stagecoach.maxSteps", String.valueOf(steps));
    settings.put("spark.stagecoach.progress", "lines");
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.schedule", schedule);
    settings.put("spark.stagecoach.deadline.heartbeat", "2s");
    settings.put("spark.stagecoach.deadline.step", "20s");
    settings.put("spark.executor.heartbeatInterval", "500ms");
    settings.put("spark.stagecoach.recovery.attempts", "10");
    settings.put("spark.stagecoach.recovery.perHour", "1000");
    settings.put("spark.stagecoach.checkpoint.interval", "20");
    // Where a disk that fails is looked for.
    settings.put("spark.local.dir", workshop.path("local").toString());
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    settings.put("spark.stagecoach.batchStore.path", workshop.path(name + "-batches").toString());
    return settings;
  }

  /** So many of these faults, each about as often as the others. */
  static List<Fault> faults(List<Fault> kinds, int count, long seed) {
    List<Fault> all = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      all.add(kinds.get(i % kinds.size()));
    }
    Collections.shuffle(all, new Random(seed));
    return all;
  }

  /** What a run that is left alone comes to. */
  MultiLayerNetwork undisturbed() throws IOException {
    StagecoachProcess.Outcome outcome =
        workshop.run("train", settings("alone", "streaming", "1f1b"));
    if (outcome.exitCode() != 0) {
      throw new AssertionError(outcome.toString());
    }
    return workshop.network("alone");
  }

  /**
   * Runs, with these things happening.
   *
   * @param synchronizers that of the first start, that of the second, and so on from the first one
   */
  Result disturbed(
      String exchange,
      String schedule,
      List<String> synchronizers,
      List<Fault> faults,
      long seed,
      MultiLayerNetwork expected)
      throws IOException {
    String name = String.join("-", exchange, schedule, synchronizers.get(0));
    DisturbedRun run =
        new DisturbedRun(
            workshop,
            start -> {
              Map<String, String> settings = settings(name, exchange, schedule);
              settings.put(
                  "spark.stagecoach.synchronizer", synchronizers.get(start % synchronizers.size()));
              return settings;
            },
            faults,
            seed);
    StagecoachProcess.Outcome outcome = run.run();
    if (outcome.exitCode() != 0) {
      throw new AssertionError(outcome.toString());
    }
    return new Result(run, outcome, same(workshop.network(name), expected));
  }

  private static boolean same(MultiLayerNetwork one, MultiLayerNetwork other) {
    return Arrays.equals(one.params().toDoubleVector(), other.params().toDoubleVector())
        && Arrays.equals(
            one.getUpdater().getStateViewArray().toDoubleVector(),
            other.getUpdater().getStateViewArray().toDoubleVector())
        && one.getIterationCount() == other.getIterationCount();
  }
}
