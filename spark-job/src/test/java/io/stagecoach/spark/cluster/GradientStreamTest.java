package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StepContext;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.MessageSize;
import io.stagecoach.tensor.Tensors;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class GradientStreamTest {

  private static final StepContext STEP = new StepContext(7, 2, 0, 4, Mode.TRAINING, false);

  private static final StageStep REPORT =
      new StageStep(3, 1, 7, 2, Loss.none(), 4, 0, 0, List.of(), Traffic.none(), 1);

  /** Elements of a message that is large enough. */
  private static final long LARGE = MessageSize.WORTHWHILE_BYTES / DataType.FLOAT.width();

  private record Sent(Message.GradientsFinished message, INDArray piece) {}

  private final List<Sent> sent = new ArrayList<>();

  private GradientStream stream() {
    sent.clear();
    return new GradientStream(
        (message, piece) -> {
          assertThat(message.stage()).isEqualTo(3);
          assertThat(message.step()).isEqualTo(7);
          assertThat(message.attempt()).isEqualTo(2);
          sent.add(new Sent(message, piece.get(StagePart.GRADIENTS).dup()));
        });
  }

  /** 1, 2, 3, … */
  private static INDArray ascending(long length) {
    float[] numbers = new float[Math.toIntExact(length)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i + 1;
    }
    return Nd4j.createFromArray(numbers);
  }

  private static StageModule module(INDArray flat) {
    return (StageModule)
        Proxy.newProxyInstance(
            GradientStreamTest.class.getClassLoader(),
            new Class<?>[] {StageModule.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "parameterLayout" ->
                      new ParameterLayout(
                          flat.isEmpty()
                              ? List.of()
                              : List.of(new View("W", 0, flat.length(), Kind.TRAINABLE)));
                  case "gradients" -> new StageGradients(flat, 4, 0);
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  /** Whatever the layers, the pieces and the rest are the whole, and pieces are large. */
  @Property(tries = 100)
  void piecesAndTheRestAreTheWhole(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(max = 100_000) Integer> layers) {
    long length = layers.stream().mapToLong(Integer::longValue).sum();
    if (length == 0) {
      return;
    }
    INDArray flat = ascending(length);
    GradientStream stream = stream();
    long to = length;
    for (int layer = layers.size() - 1; layer >= 0; layer--) {
      stream.finished(3, STEP, flat, to - layers.get(layer), to);
      to -= layers.get(layer);
    }
    float[] together = new float[(int) length];
    long end = length;
    for (Sent piece : sent) {
      assertThat(piece.piece().length()).isGreaterThanOrEqualTo(LARGE);
      assertThat(piece.message().offset()).isEqualTo(end - piece.piece().length()).isPositive();
      end = piece.message().offset();
      float[] numbers = piece.piece().toFloatVector();
      System.arraycopy(numbers, 0, together, (int) end, numbers.length);
    }
    try (Tensors rest = stream.of(REPORT, module(flat))) {
      float[] left = rest.get(StagePart.GRADIENTS).toFloatVector();
      assertThat((long) left.length).isEqualTo(end);
      System.arraycopy(left, 0, together, 0, left.length);
    }
    assertThat(Arrays.equals(together, flat.toFloatVector())).isTrue();
  }

  @Test
  void whatIsNotNextToTheOthersGoesInTheEnd() {
    INDArray flat = ascending(4 * LARGE);
    GradientStream stream = stream();
    stream.finished(3, STEP, flat, 3 * LARGE, 4 * LARGE);
    stream.finished(3, STEP, flat, LARGE, 2 * LARGE);
    stream.finished(3, STEP, flat, 0, LARGE);
    assertThat(sent).extracting(piece -> piece.message().offset()).containsExactly(3 * LARGE);
    try (Tensors rest = stream.of(REPORT, module(flat))) {
      assertThat(rest.get(StagePart.GRADIENTS).length()).isEqualTo(3 * LARGE);
    }
  }

  @Test
  void aStageThatSaidNothingSendsAllInTheEnd() {
    INDArray flat = ascending(5);
    try (Tensors rest = stream().of(REPORT, module(flat))) {
      assertThat(rest.get(StagePart.GRADIENTS).toDoubleVector()).containsExactly(1, 2, 3, 4, 5);
    }
    assertThat(stream().of(REPORT, module(Nd4j.empty(DataType.FLOAT))).isEmpty()).isTrue();
  }
}
