package io.stagecoach.engine.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.engine.Recompute;
import io.stagecoach.schedule.OneForwardOneBackward;
import io.stagecoach.tensor.CodecWire;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Training whose hops are narrowed, beside the same with hops as they are. */
class WireTypeTrainingTest {

  private static final int STEPS = 60;
  private static final int FEATURES = 8;
  private static final int CLASSES = 3;

  /** How a run ended. */
  private record Trained(
      double firstLoss, double lastLoss, INDArray weights, Narrowing narrowing) {}

  private static String network() {
    return Networks.base()
        .dataType(DataType.FLOAT)
        .list()
        .layer(new DenseLayer.Builder().nIn(FEATURES).nOut(24).build())
        .layer(new DenseLayer.Builder().nIn(24).nOut(24).activation(Activation.RELU).build())
        .layer(new DenseLayer.Builder().nIn(24).nOut(16).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(16)
                .nOut(CLASSES)
                .build())
        .build()
        .toJson();
  }

  private static Trained train(WireType wireType) {
    try (CodecWire wire = new CodecWire(wireType);
        InProcessPipeline pipeline =
            new InProcessPipeline(
                    network(), List.of(1, 3), 4, Recompute.NONE, new OneForwardOneBackward(), 7)
                .through(wire)) {
      double first = 0;
      double last = 0;
      for (int step = 0; step < STEPS; step++) {
        List<Tensors> microBatches =
            Batches.split(Batches.vectors(step % 3, 32, FEATURES, CLASSES), 4);
        last = pipeline.step(microBatches, step, 0, false).sum() / 32;
        first = step == 0 ? last : first;
        microBatches.forEach(Tensors::close);
      }
      INDArray weights = pipeline.updater().parameters().dup();
      return new Trained(first, last, weights, wire.narrowing());
    }
  }

  @Test
  void lossFallsAsFarWithHalves() {
    Trained wide = train(WireType.FLOAT32);
    Trained narrow = train(WireType.FLOAT16);

    assertThat(wide.narrowing()).isEqualTo(Narrowing.none());
    // Two hops forward and two back, of 24 and 16 numbers for each example.
    assertThat(narrow.narrowing().values()).isEqualTo((long) STEPS * 32 * 2 * (24 + 16));
    assertThat(narrow.narrowing().overflowed()).isZero();
    assertThat(narrow.weights()).as("rounded on the way").isNotEqualTo(wide.weights());
    assertThat(wide.lastLoss())
        .as("loss, first %s", wide.firstLoss())
        .isLessThan(0.7 * wide.firstLoss());
    assertThat(narrow.lastLoss()).isCloseTo(wide.lastLoss(), within(0.01 * wide.firstLoss()));
    assertThat(narrow.weights().distance2(wide.weights()))
        .isLessThan(0.05 * wide.weights().norm2Number().doubleValue());
  }

  @Test
  void aRunWithHalvesIsRepeatedToTheBit() {
    assertThat(train(WireType.FLOAT16).weights()).isEqualTo(train(WireType.FLOAT16).weights());
  }
}
