package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MessageJsonTest {

  static List<Message> messages() {
    return List.of(
        new Message.Register("7", "::1", 4040, new GpuClaim("3", "", "why")),
        new Message.Assign(
            1,
            "dl4j",
            List.of(new StageSpec("{ \"a\": 1 }", 0, 2, 0, 3, 2, Recompute.STAGE, -5)),
            List.of(
                StageAddress.of(0, "4", "node", 1), new StageAddress(1, "5", "node", 2, "GPU 3")),
            StoreAccess.of("file:/store", ReadOptions.shuffled(9)),
            WireType.FLOAT16),
        new Message.Ready(3),
        new Message.KeepSlices(
            new UUID(1, 2),
            new SliceOwners(3, 2),
            List.of(new TiedUse("0_W", 0, 2, "4_W")),
            List.of(new StageSpec("{}", 1, 3, 3, 4, 1, Recompute.NONE, 7)),
            2),
        new Message.TakeSlice(1, 9),
        new Message.Decide(new StepDecision(9, 1, 2, 32, 0.1 + 0.2, false)),
        new Message.SendSlices(),
        new Message.SliceSent(1, 9),
        new Message.SendKept(
            new UUID(3, 4), 9, List.of(new StepDecision(8, 0, 2, 32, Double.MIN_VALUE, true))),
        new Message.KeptSent(),
        new Message.Mirrored(1, 9, 0),
        new Message.Leave(),
        new Message.MirrorGradients(1, 9, 0),
        new Message.TiedGradient(new TiedUse("0_W", 0, 2, "4_W"), 9, 0),
        new Message.TiedWeights(new TiedUse("0_W", 0, 2, "4_W"), 5, 9),
        new Message.ReplicaGradients(4, 9, 1),
        new Message.ReplicaWeights(4, 9),
        new Message.UseSchedule("0: F0.0\n"),
        new Message.RunStep(
            new StepContext(9, 1, 2, 3, Mode.TRAINING, true),
            "1f1b",
            List.of(Slice.of(Split.TRAINING, 2, 64, 16).time(8, 4))),
        new Message.GradientsFinished(1, 9, 0, 4096),
        new Message.StepDone(
            1,
            0,
            9,
            1,
            new Loss(1.5, 4, 8, List.of(1L, 0L, 2L, 1L)),
            4,
            0.125,
            77,
            new Traffic(1, 2, 3, 4, 5, 6, new Narrowing(7, 8, 9, 10)),
            2,
            new ProcessMemory(99, 33)),
        new Message.Failed(
            ErrorKind.DATA, "what \"it\" was", Where.stage(1).atStep(2), "do \n this"),
        new Message.Stop());
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageComesBackAsItWas(Message message) {
    assertThat(MessageJson.read(MessageJson.write(message))).isEqualTo(message);
  }

  @Test
  void whatIsNoMessageIsRefused() {
    for (String text :
        List.of(
            "null",
            "{\"message\":\"stop\"} {}",
            "",
            "{}",
            "[1]",
            "{\"message\":\"open-sesame\"}",
            "{\"message\":")) {
      assertThatThrownBy(() -> MessageJson.read(text.getBytes(StandardCharsets.UTF_8)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
    }
  }

  @Test
  void spansTravelAsATensor() {
    List<Action> actions = List.of(new Action.Forward(0, 0), new Action.Backward(0, 0));
    List<Span> spans =
        List.of(
            new Span(actions.get(0), 5, 1L << 40), new Span(actions.get(1), 1L << 41, 1L << 42));
    try (Tensors packed = Tensors.of(Message.SPANS, SpanTensor.pack(spans))) {
      assertThat(SpanTensor.unpack(List.of(), packed)).isEmpty();
      assertThat(SpanTensor.unpack(actions, packed)).isEqualTo(spans);
      assertThatThrownBy(() -> SpanTensor.unpack(actions.subList(0, 1), packed))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void readsLinuxPeakMemory() {
    assertThat(
            ProcessMemory.bytesOf(
                "VmHWM", List.of("Name:\tjava", "VmHWM:\t  2048 kB", "VmRSS: 1 kB")))
        .isEqualTo(2048 * 1024);
    assertThat(ProcessMemory.bytesOf("VmHWM", List.of("Name:\tjava"))).isZero();
  }
}
