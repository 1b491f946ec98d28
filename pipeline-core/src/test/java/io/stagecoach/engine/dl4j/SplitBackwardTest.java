package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.SplitBackward;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The two halves of a backward pass, in any order that is allowed, against the whole. */
class SplitBackwardTest {

  private static final int MICRO_BATCHES = 4;
  private static final long SEED = 3;

  private static final String JSON =
      Networks.base()
          .list()
          .layer(new DenseLayer.Builder().nIn(8).nOut(9).activation(Activation.TANH).build())
          .layer(new DenseLayer.Builder().nIn(9).nOut(7).hasBias(false).build())
          .layer(new BatchNormalization.Builder().nIn(7).nOut(7).build())
          .layer(new DenseLayer.Builder().nIn(7).nOut(6).activation(Activation.RELU).build())
          .layer(
              new OutputLayer.Builder(LossFunction.MCXENT)
                  .activation(Activation.SOFTMAX)
                  .nIn(6)
                  .nOut(3)
                  .build())
          .build()
          .toJson();

  private static Dl4jStageModule module(Recompute recompute) {
    Dl4jStageModule module =
        new Dl4jStageModule(new StageSpec(JSON, 0, 1, 0, 5, MICRO_BATCHES, recompute, SEED));
    module.setParameters(Batches.uniform(4, module.parameterLayout().length()));
    return module;
  }

  private static List<Tensors> forward(Dl4jStageModule module) {
    module.beginStep(new StepContext(3, 0, 0, MICRO_BATCHES, Mode.TRAINING, false));
    List<Tensors> inputs = new ArrayList<>();
    for (int m = 0; m < MICRO_BATCHES; m++) {
      inputs.add(Batches.vectors(10 + m, 6 - m, 8, 3));
      module.forward(m, inputs.get(m));
    }
    return inputs;
  }

  private static INDArray whole(Recompute recompute) {
    try (Dl4jStageModule module = module(recompute)) {
      forward(module);
      for (int m = 0; m < MICRO_BATCHES; m++) {
        module.backward(m, Tensors.none());
      }
      return module.gradients().flat().dup();
    }
  }

  @ParameterizedTest
  @EnumSource(Recompute.class)
  void anyOrderOfHalvesGivesTheGradientsOfTheWhole(Recompute recompute) {
    INDArray expected = whole(recompute);
    for (int order = 0; order < 20; order++) {
      Random random = new Random(order);
      try (Dl4jStageModule module = module(recompute)) {
        forward(module);
        SplitBackward split = module.splitBackward().orElseThrow();
        int inputs = 0;
        int weights = 0;
        while (weights < MICRO_BATCHES) {
          boolean input = inputs == weights || (inputs < MICRO_BATCHES && random.nextBoolean());
          if (input && order % 3 == 0 && inputs == weights && inputs == 1) {
            // One that goes backward as a whole, between others.
            module.backward(inputs++, Tensors.none());
            weights++;
          } else if (input) {
            split.backwardInput(inputs++, Tensors.none()).close();
          } else {
            split.backwardWeights(weights++);
          }
        }
        assertThat(module.gradients().examples()).isEqualTo(6 + 5 + 4 + 3);
        assertThat(module.gradients().flat()).isEqualTo(expected);
        assertThat(module.gradients().flat().sub(expected).norm2Number().doubleValue()).isZero();
      }
    }
  }

  @Test
  void denseLayersLeaveTheirWeightsForTheSecondHalf() {
    INDArray expected = whole(Recompute.NONE);
    try (Dl4jStageModule module = module(Recompute.NONE)) {
      forward(module);
      SplitBackward split = module.splitBackward().orElseThrow();
      for (int m = 0; m < MICRO_BATCHES; m++) {
        split.backwardInput(m, Tensors.none()).close();
      }
      INDArray half = module.gradients().flat().dup();
      List<Long> dense = Stream.of(0, 8 * 9, 8 * 9 + 9).map(Integer::longValue).toList();
      for (long index : dense) {
        assertThat(half.getDouble(index)).isZero();
        assertThat(expected.getDouble(index)).isNotZero();
      }
      long last = half.length() - 1;
      assertThat(half.getDouble(last)).as("the output layer is not split").isNotZero();
      assertThat(half.getDouble(last)).isEqualTo(expected.getDouble(last));
    }
  }
}
