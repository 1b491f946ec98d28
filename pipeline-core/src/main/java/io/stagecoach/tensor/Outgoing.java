package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The bodies of a message that is to be sent, and what is held until it is out. */
final class Outgoing implements AutoCloseable {

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(ReceiveBuffer.ALIGNMENT);

  private final List<Runnable> held = new ArrayList<>();
  private final List<Runnable> kept = new ArrayList<>();
  private final List<ByteBuffer> parts = new ArrayList<>();
  private final List<Integer> exponents = new ArrayList<>();
  private Narrowing narrowing = Narrowing.none();
  private boolean sendsFromTensors;

  /** A message of these tensors, which it owns. */
  Outgoing(Tensors tensors) {
    held.add(tensors::close);
  }

  /** Adds the body of the next tensor. */
  void add(TensorSpec spec, MessageLayout.Body body, INDArray array) {
    exponents.add(body.length() > 0 ? addElements(spec, body, array) : 0);
    int padding = Math.floorMod(-body.length(), ReceiveBuffer.ALIGNMENT);
    if (padding > 0) {
      parts.add(ZEROS.slice(0, padding));
    }
  }

  /** Says the exponent that they have in common, where they are narrowed. */
  private int addElements(TensorSpec spec, MessageLayout.Body body, INDArray array) {
    INDArray dense = ArrayMemory.dense(array);
    if (dense != array) {
      held.add(dense::close);
    }
    if (spec.type() == ElementType.SCALED_FLOAT16) {
      ScaledHalves.Narrowed narrowed = ScaledHalves.narrow(dense);
      kept.add(narrowed.halves()::close);
      parts.addAll(narrowed.halves().windows());
      narrowing = narrowing.plus(narrowed.narrowing());
      return narrowed.exponent();
    }
    sendsFromTensors = true;
    if (spec.type() == ElementType.BOOL) {
      parts.add(ArrayMemory.packedBits(dense, Math.toIntExact(array.length())));
    } else {
      parts.addAll(ArrayMemory.bytes(dense, body.length()));
    }
    return 0;
  }

  /** All of the message; nothing is added any more. Ends tensors that nothing is sent from. */
  List<ByteBuffer> parts(MessageLayout layout, long microBatch) {
    List<ByteBuffer> all = new ArrayList<>(parts.size() + 2);
    all.add(layout.head(microBatch, exponents::get));
    all.addAll(parts);
    // An end mark: continuation, and a length of zero.
    all.add(
        ByteBuffer.allocate(MessageLayouts.END_BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(0, -1));
    if (!sendsFromTensors) {
      release(held);
    }
    return all;
  }

  /** What became of the values that were narrowed. */
  Narrowing narrowing() {
    return narrowing;
  }

  @Override
  public void close() {
    release(held);
    release(kept);
  }

  private static void release(List<Runnable> resources) {
    resources.forEach(Runnable::run);
    resources.clear();
  }
}
