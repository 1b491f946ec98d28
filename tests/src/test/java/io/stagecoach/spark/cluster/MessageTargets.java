package io.stagecoach.spark.cluster;

import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.Where;
import io.stagecoach.fuzz.FuzzTarget;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;
import org.apache.arrow.memory.RootAllocator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** What driver and stage hosts say to each other. */
public final class MessageTargets {

  private MessageTargets() {}

  public static List<FuzzTarget> all() {
    return List.of(new Controls(), new Weights());
  }

  /** The text of control messages. */
  private static final class Controls implements FuzzTarget {

    @Override
    public String name() {
      return "control message";
    }

    @Override
    public String toString() {
      return name();
    }

    @Override
    public List<byte[]> seeds() {
      return List.<Message>of(
              new Message.Register("7", "::1", 4040, new GpuClaim("3", "Tesla T4", "")),
              new Message.Assign(
                  1,
                  "dl4j",
                  List.of(new StageSpec("{ \"a\": 1 }", 0, 2, 0, 3, 2, Recompute.STAGE, -5)),
                  List.of(StageAddress.of(0, "4", "node", 1)),
                  StoreAccess.of("file:/store", ReadOptions.shuffled(9)),
                  WireType.FLOAT16),
              new Message.Ready(3),
              new Message.UseSchedule("0: F0.0\n"),
              new Message.RunStep(
                  new StepContext(9, 1, 2, 3, Mode.TRAINING, true),
                  "1f1b",
                  List.of(Slice.of(Slice.Split.TRAINING, 2, 64, 16).time(8, 4))),
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
                  ErrorKind.DATA, "what it was", Where.stage(1).atStep(2), "do this"),
              new Message.Stop())
          .stream()
          .map(MessageJson::write)
          .toList();
    }

    @Override
    public List<String> words() {
      return List.of(
          "{\"message\":\"stop\"}",
          "\"message\":",
          "\"run-step\"",
          "\"context\":",
          "\"slices\":[",
          "\"stage\":",
          "\"executor\":",
          "\"TRAINING\"",
          "]}",
          "\"loss\":{");
    }

    @Override
    public void read(byte[] input) {
      Message message = MessageJson.read(input);
      // What was understood can be said again.
      MessageJson.write(message);
    }

    @Override
    public int cost() {
      return 2;
    }

    /** Jackson's recycled buffers, and its own descriptions of what is wrong. */
    @Override
    public long heapLimit(int inputBytes) {
      return (2 << 20) + 2000L * inputBytes;
    }
  }

  /** Weights and gradients of the shuffle exchange. */
  private static final class Weights implements FuzzTarget {

    private final ArrowBytes bytes = new ArrowBytes(new RootAllocator(), 1 << 20);

    @Override
    public String name() {
      return "weights";
    }

    @Override
    public String toString() {
      return name();
    }

    @Override
    public List<byte[]> seeds() {
      return List.of(
          bytes.encode(Tensors.of("weights.0", Nd4j.rand(DataType.FLOAT, 5))),
          bytes.encode(Tensors.of("gradients", Nd4j.rand(DataType.FLOAT, 2, 3).dup('f'))));
    }

    @Override
    public byte[] summed(byte[] input) {
      if (input.length >= 4) {
        CRC32C checksum = new CRC32C();
        checksum.update(input, 0, input.length - 4);
        ByteBuffer.wrap(input).putInt(input.length - 4, (int) checksum.getValue());
      }
      return input;
    }

    @Override
    public void read(byte[] input) {
      bytes.decode(input).close();
    }
  }
}
