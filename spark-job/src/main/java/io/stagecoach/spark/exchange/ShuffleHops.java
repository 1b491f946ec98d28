package io.stagecoach.spark.exchange;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Exchange;
import io.stagecoach.stage.Hop;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The ends of hops that Spark's shuffle carries: what a tick sends is collected until the tick is
 * over, and what came with it is there before it begins, so that nothing here waits.
 */
public final class ShuffleHops implements Exchange {

  private final TensorCodec codec;
  private final Map<Hop, ShuffledHop.Incoming> inbox = new HashMap<>();
  private final List<ShuffledHop.Outgoing> outbox = new ArrayList<>();
  private final Map<Integer, Traffic> traffic = new HashMap<>();

  /**
   * @param memory what the codec's memory counts against
   * @param limit the longest message, in bytes
   * @param wireType as what floats travel: both ends of a hop must have the same
   */
  public ShuffleHops(BufferAllocator memory, long limit, WireType wireType) {
    this.codec = new TensorCodec(memory, "hops by shuffle", limit, wireType);
  }

  /** A hop has come; this owns it now. */
  public void arrived(ShuffledHop.Incoming incoming) {
    ShuffledHop.Incoming before = inbox.put(incoming.hop(), incoming);
    if (before != null) {
      before.close();
    }
  }

  /** What was sent since this was last asked; the caller owns it. */
  public List<ShuffledHop.Outgoing> takeOutgoing() {
    List<ShuffledHop.Outgoing> taken = List.copyOf(outbox);
    outbox.clear();
    return taken;
  }

  /** Closes what an abandoned step left. */
  public void drop() {
    inbox.values().forEach(ShuffledHop.Incoming::close);
    inbox.clear();
    takeOutgoing().forEach(ShuffledHop.Outgoing::close);
  }

  @Override
  public void send(Hop hop, Tensors tensors) {
    long start = System.nanoTime();
    if (tensors.isEmpty()) {
      tensors.close();
      outbox.add(new ShuffledHop.Outgoing(hop, null));
      count(hop.from(), Traffic.sent(0, System.nanoTime() - start, Narrowing.none()));
      return;
    }
    EncodedTensors encoded = codec.encode(new TensorMessage(hop.microBatch(), tensors));
    outbox.add(new ShuffledHop.Outgoing(hop, encoded));
    count(
        hop.from(), Traffic.sent(encoded.length(), System.nanoTime() - start, encoded.narrowing()));
  }

  @Override
  public Tensors receive(Hop hop) {
    long start = System.nanoTime();
    ShuffledHop.Incoming incoming = inbox.remove(hop);
    if (incoming == null) {
      throw new StagecoachException(ErrorKind.INTERNAL, hop + " did not come with its tick", "");
    }
    ReceiveBuffer payload = incoming.payload();
    if (payload == null) {
      count(hop.to(), Traffic.received(0, System.nanoTime() - start));
      return Tensors.none();
    }
    long bytes = payload.length();
    Tensors tensors = codec.decode(payload).tensors();
    count(hop.to(), Traffic.received(bytes, System.nanoTime() - start));
    return tensors;
  }

  private void count(int stage, Traffic more) {
    traffic.merge(stage, more, Traffic::plus);
  }

  @Override
  public Traffic drainTraffic(int stage) {
    Traffic drained = traffic.remove(stage);
    return drained == null ? Traffic.none() : drained;
  }

  @Override
  public void close() {
    drop();
    codec.close();
  }
}
