package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.ModelPresets;
import io.stagecoach.sync.StageWeights;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Stages that go on with sequences give what the uncut network gives for the whole of them. */
class GenerationStagesTest {

  private static final int VOCABULARY = 11;
  private static final int TOKENS = 9;

  /** Two groups of sequences, of two and of three. */
  private static final int[] GROUPS = {2, 3};

  private static String json(String preset) {
    Map<String, String> settings =
        preset.equals("char-lstm")
            ? Map.of("width", "6", "layers", "3", "dataType", "double")
            : Map.of(
                "width", "8", "layers", "3", "heads", "2", "context", "100", "dataType", "double");
    return ModelPresets.named(preset)
        .configuration(new DataShape.Text(VOCABULARY), settings)
        .toJson();
  }

  private static int[][] tokens(int sequences, long seed) {
    Random random = new Random(seed);
    int[][] tokens = new int[sequences][];
    for (int i = 0; i < sequences; i++) {
      tokens[i] = random.ints(TOKENS, 0, VOCABULARY).toArray();
    }
    return tokens;
  }

  private static INDArray part(int[][] tokens, int from, int to) {
    int[][] part = new int[tokens.length][];
    for (int i = 0; i < tokens.length; i++) {
      part[i] = java.util.Arrays.copyOfRange(tokens[i], from, to);
    }
    return Nd4j.createFromArray(part);
  }

  private static List<StageModule> stages(String json, Dl4jModelUpdater model, int count) {
    int nodes = model.model().nodes().size();
    List<StageModule> stages = new ArrayList<>();
    for (int s = 0; s < count; s++) {
      stages.add(
          new Dl4jStageModule(
              new StageSpec(
                  json,
                  s,
                  count,
                  s * nodes / count,
                  (s + 1) * nodes / count,
                  1,
                  Recompute.NONE,
                  1)));
    }
    StageWeights weights =
        new StageWeights(
            model.parameterLayout(), stages.stream().map(StageModule::parameterLayout).toList());
    for (int s = 0; s < count; s++) {
      if (weights.length(s) > 0) {
        stages.get(s).setParameters(weights.of(s, model.parameters()));
      }
    }
    return stages;
  }

  private static double[] next(List<StageModule> stages, int microBatch, INDArray tokens) {
    Tensors flow = Tensors.of(Columns.FEATURES, tokens);
    for (StageModule stage : stages) {
      Forward forward = stage.forward(microBatch, flow);
      flow.close();
      flow = forward.outputs();
    }
    double[] next =
        flow.get(Mode.NEXT)
            .dup('c')
            .reshape(flow.get(Mode.NEXT).length())
            .castTo(DataType.DOUBLE)
            .toDoubleVector();
    flow.close();
    return next;
  }

  private static void begin(List<StageModule> stages, long step, boolean carries) {
    StepContext context = new StepContext(step, 0, 0, GROUPS.length, Mode.GENERATION, carries);
    stages.forEach(stage -> stage.beginStep(context));
  }

  /** What follows the last token, for the sequences in pieces of 4, 1, 3 and 1 tokens. */
  private static List<double[]> inPieces(String json, Dl4jModelUpdater model, int count) {
    List<StageModule> stages = stages(json, model, count);
    List<double[]> all = new ArrayList<>();
    int[] bounds = {0, 4, 5, 8, 9};
    for (int piece = 1; piece < bounds.length; piece++) {
      begin(stages, piece, piece > 1);
      for (int group = 0; group < GROUPS.length; group++) {
        INDArray tokens = part(tokens(GROUPS[group], group), bounds[piece - 1], bounds[piece]);
        all.add(next(stages, group, tokens));
      }
    }
    stages.forEach(StageModule::close);
    return all;
  }

  /** The uncut network's prediction after so many tokens, by plain DL4J. */
  private static double[] whole(MultiLayerNetwork network, int group, int length, boolean nwc) {
    INDArray output = network.output(part(tokens(GROUPS[group], group), 0, length));
    double[] last = new double[GROUPS[group] * VOCABULARY];
    for (int i = 0; i < last.length; i++) {
      int row = i / VOCABULARY;
      int token = i % VOCABULARY;
      last[i] =
          nwc ? output.getDouble(row, length - 1, token) : output.getDouble(row, token, length - 1);
    }
    return last;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt-tiny", "char-lstm"})
  void predictWhatTheUncutNetworkPredictsForTheWhole(String preset) {
    String json = json(preset);
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      List<double[]> one = inPieces(json, model, 1);
      int[] lengths = {4, 5, 8, 9};
      for (int i = 0; i < one.size(); i++) {
        double[] expected =
            whole(
                (MultiLayerNetwork) model.network(),
                i % GROUPS.length,
                lengths[i / GROUPS.length],
                preset.startsWith("gpt"));
        assertThat(one.get(i)).containsExactly(expected, within(1e-12));
      }
      for (int count = 2; count <= 4; count++) {
        List<double[]> cut = inPieces(json, model, count);
        for (int i = 0; i < one.size(); i++) {
          assertThat(cut.get(i)).as("%d stages", count).containsExactly(one.get(i));
        }
      }
    }
  }

  @Test
  void beginAnewWhereNothingIsCarried() {
    String json = json("gpt-tiny");
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      List<StageModule> stages = stages(json, model, 2);
      begin(stages, 0, false);
      double[] first = next(stages, 0, part(tokens(2, 0), 0, 3));
      begin(stages, 1, false);
      assertThat(next(stages, 0, part(tokens(2, 0), 0, 3))).containsExactly(first);
      begin(stages, 2, true);
      assertThatThrownBy(() -> next(stages, 1, part(tokens(3, 1), 0, 1)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERNAL));
      stages.forEach(StageModule::close);
    }
  }

  @Test
  void refuseMoreTokensThanTheModelHasPositionsFor() {
    String json = json("gpt-tiny");
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      List<StageModule> stages = stages(json, model, 1);
      for (int length = 0; length < 100; length += 5) {
        begin(stages, length, length > 0);
        next(stages, 0, part(tokens(2, 0), 0, 5));
      }
      begin(stages, 100, true);
      assertThatThrownBy(() -> next(stages, 0, part(tokens(2, 0), 0, 1)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA));
      stages.forEach(StageModule::close);
    }
  }

  @Test
  void refuseLayersThatLookAhead() {
    String json =
        new NeuralNetConfiguration.Builder()
            .list()
            .layer(new Bidirectional(new LSTM.Builder().nOut(4).build()))
            .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT).nOut(3).build())
            .setInputType(InputType.recurrent(5))
            .build()
            .toJson();
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(json)) {
      List<StageModule> stages = stages(json, model, 1);
      begin(stages, 0, false);
      assertThatThrownBy(() -> next(stages, 0, Nd4j.rand(2, 5, 3)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.MODEL));
      stages.forEach(StageModule::close);
    }
  }
}
