package io.stagecoach.spark.exchange;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.stage.Exchange;
import io.stagecoach.stage.Hop;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * Hops from process to process, pushed as soon as they are computed. Each stage opens a connection
 * to every neighbour: its <em>lane</em>, on which its hops go out and their credit comes back. The
 * stages of one executor share an exchange, so that whoever waits waits for all of them.
 *
 * <p><b>Back-pressure.</b> For each lane and kind of hop the receiving stage grants credit: while
 * it computes, its neighbour may be {@link ExchangeOptions#credit()} hops ahead of what it has
 * taken, and {@link #send} waits when that is used up.
 *
 * <p><b>Why this cannot deadlock.</b> A stage that waits in {@link #send} or {@link #receive} lets
 * its neighbours be that many hops ahead of what has <em>come</em>, so that a send to a waiting
 * stage always goes through in time. Suppose that no stage could go on. None computes, so each
 * waits here; so none waits to send; so each waits for a hop that has not been sent, though every
 * send that its list of actions reached is done: then the schedule itself would deadlock with
 * unbounded memory, which its validator excludes. It holds for any schedule and any credit from 1
 * on.
 *
 * <p>Steps and attempts never go back within one exchange: what comes of an earlier one is dropped.
 */
public final class StreamingExchange implements Exchange {

  private static final Hop.Kind[] KINDS = Hop.Kind.values();

  private final Endpoint endpoint;
  private final String name;
  private final ExchangeOptions options;
  private final TensorCodec codec;
  private final Map<Lane, Neighbour> neighbours = new LinkedHashMap<>();
  private final Set<Integer> stages;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  // All below: under the lock.
  private final Map<Hop, Arrival> inbox = new HashMap<>();
  private StagecoachException broken;
  private boolean closed;
  private boolean waiting;
  private Hop awaited;
  private long step = Long.MIN_VALUE;
  private int attempt;
  private long dropped;
  private final Map<Integer, Traffic> traffic = new HashMap<>();

  /** Of the pairs of stages that exchange hops: a stage here, and its neighbour elsewhere. */
  private record Lane(int own, int other) {}

  private StreamingExchange(Endpoint endpoint, Set<Integer> stages, ExchangeOptions options) {
    this.endpoint = endpoint;
    this.stages = Collections.unmodifiableSet(new TreeSet<>(stages));
    this.name =
        (stages.size() == 1 ? "stage " : "stages ")
            + this.stages.stream().map(String::valueOf).collect(Collectors.joining(", "));
    this.options = options;
    this.codec =
        new TensorCodec(
            endpoint.options().allocator(),
            "hops of " + name,
            endpoint.options().maxMessageBytes(),
            options.wireType());
  }

  /**
   * Connects a stage to its neighbours, where it is the only one of its executor.
   *
   * @see #open(Endpoint, Map, ExchangeOptions)
   */
  public static StreamingExchange open(
      Endpoint endpoint, int stage, Map<Integer, PeerAddress> neighbours, ExchangeOptions options) {
    return open(endpoint, Map.of(stage, neighbours), options);
  }

  /**
   * Connects the stages of an executor to their neighbours on others. These may open theirs later:
   * what is sent waits for them.
   *
   * @param endpoint this process's endpoint; stays open when this closes
   * @param neighbours for each stage that this carries for, where the stages are that it sends to
   *     or receives from; those on this executor left out
   * @param options credit and deadlines
   * @throws StagecoachException PEER or DEADLINE if a neighbour's process cannot be reached
   */
  public static StreamingExchange open(
      Endpoint endpoint,
      Map<Integer, Map<Integer, PeerAddress>> neighbours,
      ExchangeOptions options) {
    StreamingExchange exchange = new StreamingExchange(endpoint, neighbours.keySet(), options);
    try {
      for (int own : exchange.stages) {
        new TreeMap<>(neighbours.get(own))
            .forEach(
                (other, address) ->
                    exchange.neighbours.put(
                        new Lane(own, other),
                        new Neighbour(own, other, address, options.credit())));
      }
      for (int own : exchange.stages) {
        endpoint.attach(exchange.key(own), (link, from) -> exchange.accept(own, link, from));
      }
      exchange.neighbours.values().forEach(exchange::openLane);
      return exchange;
    } catch (RuntimeException | Error e) {
      exchange.close();
      throw e;
    }
  }

  private LaneKey key(int own) {
    return new LaneKey(options.epoch(), own);
  }

  private void openLane(Neighbour neighbour) {
    PeerAddress address = neighbour.address;
    Link link;
    try {
      link = endpoint.connectLink(address.host(), address.port());
    } catch (StagecoachException e) {
      throw e.at(Where.stage(neighbour.own));
    }
    neighbour.out = link;
    if (!link.name().equals(address.name())) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "Where " + address + " should be is " + link.name(),
          Where.stage(neighbour.own),
          "An executor was replaced: start again",
          null);
    }
    link.lane(new Outgoing(neighbour));
    link.send(new Frame.Lane(options.epoch(), neighbour.own, neighbour.stage), null);
  }

  private HopIntake accept(int own, Link link, int from) {
    Neighbour neighbour = neighbours.get(new Lane(own, from));
    lock.lock();
    try {
      if (neighbour == null || neighbour.in != null || closed) {
        throw new RefusedException(
            Refusal.UNKNOWN_HOP, "a lane from stage " + from + " to stage " + own);
      }
      neighbour.in = link;
      grant(neighbour);
      return new Incoming(neighbour);
    } finally {
      lock.unlock();
    }
  }

  // ---- Sending

  @Override
  public void send(Hop hop, Tensors tensors) {
    long start = System.nanoTime();
    Frame.Hop frame = new Frame.Hop(hop);
    try {
      EncodedTensors encoded = encode(hop, tensors);
      Payload payload = encoded == null ? null : Payload.of(encoded);
      long bytes = FrameHead.bytes(frame) + (payload == null ? 0 : payload.bytes());
      Narrowing narrowing = encoded == null ? Narrowing.none() : encoded.narrowing();
      claimCredit(hop, payload).out.send(frame, payload);
      count(hop.from(), Traffic.sent(bytes, System.nanoTime() - start, narrowing));
    } catch (StagecoachException e) {
      throw e.at(place(hop));
    }
  }

  private EncodedTensors encode(Hop hop, Tensors tensors) {
    if (tensors.isEmpty()) {
      tensors.close();
      return null;
    }
    return codec.encode(new TensorMessage(hop.microBatch(), tensors));
  }

  private Neighbour claimCredit(Hop hop, Payload payload) {
    try {
      Neighbour to = neighbour(hop, hop.to(), hop.from());
      awaitCredit(hop, to);
      return to;
    } catch (RuntimeException | Error e) {
      if (payload != null) {
        payload.end();
      }
      throw e;
    }
  }

  private void awaitCredit(Hop hop, Neighbour to) {
    SendWindow window = to.sending.get(hop.kind());
    long deadline = System.nanoTime() + options.hopTimeout().toNanos();
    lock.lock();
    try {
      enter(hop);
      while (window.isUsedUp()) {
        checkUsable(to);
        if (!await(deadline, hop)) {
          throw new StagecoachException(
              ErrorKind.DEADLINE,
              "Stage "
                  + to.stage
                  + " ("
                  + to.address
                  + ") made no room for the "
                  + words(hop)
                  + " within "
                  + text(options.hopTimeout()),
              "Look at that executor's log: it is stuck, or much slower than this one");
        }
      }
      checkUsable(to);
      window.send();
    } finally {
      lock.unlock();
    }
  }

  // ---- Receiving

  @Override
  public Tensors receive(Hop hop) {
    try {
      Arrival arrival = awaitArrival(hop, neighbour(hop, hop.from(), hop.to()));
      long start = System.nanoTime();
      Tensors tensors = decode(hop, arrival);
      count(
          hop.to(),
          Traffic.received(
              FrameHead.bytes(new Frame.Hop(hop)) + arrival.bytes,
              arrival.nanos + System.nanoTime() - start));
      return tensors;
    } catch (StagecoachException e) {
      throw e.at(place(hop));
    }
  }

  private Arrival awaitArrival(Hop hop, Neighbour from) {
    long deadline = System.nanoTime() + options.hopTimeout().toNanos();
    lock.lock();
    try {
      enter(hop);
      Arrival arrival = inbox.get(hop);
      while (arrival == null || !arrival.whole) {
        if (arrival == null) {
          checkUsable(from);
        }
        if (!await(deadline, hop)) {
          throw new StagecoachException(
              ErrorKind.DEADLINE,
              "No "
                  + words(hop)
                  + " came from stage "
                  + from.stage
                  + " ("
                  + from.address
                  + (from.in == null ? ", which never opened its lane" : "")
                  + ") within "
                  + text(options.hopTimeout()),
              "Look at that executor's log: it is stuck, or much slower than this one");
        }
        arrival = inbox.get(hop);
      }
      inbox.remove(hop);
      take(from, hop.kind());
      return arrival;
    } finally {
      lock.unlock();
    }
  }

  private Tensors decode(Hop hop, Arrival arrival) {
    if (arrival.buffer == null) {
      return Tensors.none();
    }
    TensorMessage message = codec.decode(arrival.buffer);
    if (message.microBatch() != hop.microBatch()) {
      message.tensors().close();
      throw new StagecoachException(
          ErrorKind.PEER,
          "The " + words(hop) + " are of micro-batch " + message.microBatch(),
          "This is a defect of Stagecoach");
    }
    return message.tensors();
  }

  // ---- Both, under the lock

  private void enter(Hop hop) {
    if (closed) {
      throw closedWhile(hop);
    }
    if (isOlder(hop)) {
      throw new StagecoachException(
          ErrorKind.INTERNAL, hop + " after step " + step + ", attempt " + attempt, "");
    }
    if (hop.step() == step && hop.attempt() == attempt) {
      return;
    }
    step = hop.step();
    attempt = hop.attempt();
    Iterator<Arrival> arrivals = inbox.values().iterator();
    while (arrivals.hasNext()) {
      Arrival arrival = arrivals.next();
      if (isOlder(arrival.hop)) {
        arrivals.remove();
        arrival.drop();
        dropped++;
        take(arrival.from, arrival.hop.kind());
      }
    }
  }

  private boolean isOlder(Hop hop) {
    return hop.step() < step || (hop.step() == step && hop.attempt() < attempt);
  }

  /** Waits once; false when the time is over. */
  @SuppressWarnings("WaitNotInLoop") // the callers loop
  private boolean await(long deadline, Hop hop) {
    if (closed) {
      throw closedWhile(hop);
    }
    waiting = true;
    awaited = hop;
    neighbours.values().forEach(this::grant);
    try {
      return changed.awaitNanos(deadline - System.nanoTime()) > 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "Interrupted while waiting for the " + words(hop),
          Where.nowhere(),
          "",
          e);
    } finally {
      waiting = false;
      awaited = null;
    }
  }

  private void checkUsable(Neighbour neighbour) {
    if (broken != null) {
      throw broken;
    }
    if (neighbour.left != null) {
      throw neighbour.left;
    }
  }

  private void take(Neighbour from, Hop.Kind kind) {
    from.receiving.get(kind).take();
    grant(from, kind);
  }

  private void grant(Neighbour neighbour) {
    for (Hop.Kind kind : KINDS) {
      grant(neighbour, kind);
    }
  }

  private void grant(Neighbour neighbour, Hop.Kind kind) {
    Link link = neighbour.in;
    if (link == null || !link.isOpen()) {
      return;
    }
    long total = neighbour.receiving.get(kind).grant(waiting);
    if (total >= 0) {
      try {
        link.send(new Frame.Credit(kind, total), null);
      } catch (StagecoachException e) {
        // It has ended just now, and whoever waits will hear why.
        breakWith(e);
      }
    }
  }

  private void breakWith(StagecoachException why) {
    if (!closed && broken == null) {
      broken = why;
    }
    changed.signalAll();
  }

  private void count(int stage, Traffic more) {
    lock.lock();
    try {
      traffic.merge(stage, more, Traffic::plus);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Traffic drainTraffic(int stage) {
    lock.lock();
    try {
      Traffic drained = traffic.remove(stage);
      return drained == null ? Traffic.none() : drained;
    } finally {
      lock.unlock();
    }
  }

  /** How many hops of abandoned attempts came and were dropped. */
  public long droppedHops() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the stage waits here, for a hop or for credit. */
  boolean isWaiting() {
    lock.lock();
    try {
      return waiting;
    } finally {
      lock.unlock();
    }
  }

  private Neighbour neighbour(Hop hop, int other, int own) {
    Neighbour neighbour = neighbours.get(new Lane(own, other));
    if (neighbour == null) {
      throw new StagecoachException(
          ErrorKind.INTERNAL,
          hop + " in the exchange of " + name + ", whose lanes are " + neighbours.keySet(),
          "");
    }
    return neighbour;
  }

  private Where place(Hop hop) {
    return Where.stage(stages.contains(hop.to()) ? hop.to() : hop.from())
        .atStep(hop.step())
        .atMicroBatch(hop.microBatch());
  }

  private static String words(Hop hop) {
    return (hop.kind() == Hop.Kind.ACTIVATIONS ? "activations" : "gradients")
        + " of micro-batch "
        + hop.microBatch();
  }

  private static String text(Duration duration) {
    return duration.toMillis() / 1000.0 + " s";
  }

  private StagecoachException closedWhile(Hop hop) {
    return new StagecoachException(
        ErrorKind.INTERRUPTED,
        "The exchange was closed before the " + words(hop),
        place(hop),
        "",
        null);
  }

  /**
   * Waits for what is under way, says goodbye to the neighbours, and drops what was not taken.
   *
   * @throws StagecoachException INTERNAL if received tensors are still open
   */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      inbox.values().forEach(Arrival::drop);
      inbox.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    stages.forEach(own -> endpoint.detach(key(own)));
    neighbours.values().stream().filter(n -> n.out != null).forEach(n -> n.out.startClose());
    Duration timeout = endpoint.options().closeTimeout();
    neighbours.values().stream().filter(n -> n.out != null).forEach(n -> n.out.awaitEnded(timeout));
    codec.close();
  }

  /** What is known of a neighbour; but for the first three under the lock. */
  private static final class Neighbour {
    final int own;
    final int stage;
    final PeerAddress address;
    Link out;
    Link in;
    final Map<Hop.Kind, SendWindow> sending = new EnumMap<>(Hop.Kind.class);
    final Map<Hop.Kind, CreditWindow> receiving = new EnumMap<>(Hop.Kind.class);
    StagecoachException left;

    Neighbour(int own, int stage, PeerAddress address, int credit) {
      this.own = own;
      this.stage = stage;
      this.address = address;
      for (Hop.Kind kind : KINDS) {
        sending.put(kind, new SendWindow());
        receiving.put(kind, new CreditWindow(credit));
      }
    }
  }

  /** One end of a lane, on the transport's thread. */
  private abstract class End implements LaneEnd {
    final Neighbour neighbour;

    End(Neighbour neighbour) {
      this.neighbour = neighbour;
    }

    @Override
    public void left(StagecoachException why) {
      lock.lock();
      try {
        if (neighbour.left == null) {
          neighbour.left = why;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void lost(StagecoachException why) {
      lock.lock();
      try {
        breakWith(why);
      } finally {
        lock.unlock();
      }
    }
  }

  private final class Outgoing extends End implements CreditHearer {

    Outgoing(Neighbour neighbour) {
      super(neighbour);
    }

    @Override
    public void granted(Hop.Kind kind, long total) {
      lock.lock();
      try {
        neighbour.sending.get(kind).allow(total);
        if (awaited != null
            && awaited.from() == neighbour.own
            && awaited.to() == neighbour.stage
            && awaited.kind() == kind) {
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private final class Incoming extends End implements HopIntake {

    Incoming(Neighbour neighbour) {
      super(neighbour);
    }

    @Override
    public PayloadSink begin(Hop hop, long payload) {
      lock.lock();
      try {
        if (closed) {
          return PayloadSink.NOWHERE;
        }
        if (hop.to() != neighbour.own || hop.from() != neighbour.stage || inbox.containsKey(hop)) {
          throw new RefusedException(
              Refusal.UNKNOWN_HOP,
              hop + " on the lane from stage " + neighbour.stage + " to stage " + neighbour.own);
        }
        if (!neighbour.receiving.get(hop.kind()).arrive()) {
          throw new RefusedException(Refusal.BEYOND_CREDIT, hop + " beyond its credit");
        }
        if (isOlder(hop)) {
          dropped++;
          endpoint.droppedStale();
          take(neighbour, hop.kind());
          return PayloadSink.NOWHERE;
        }
        Arrival arrival = new Arrival(hop, neighbour, payload);
        inbox.put(hop, arrival);
        if (waiting) {
          grant(neighbour, hop.kind());
        }
        return arrival;
      } finally {
        lock.unlock();
      }
    }
  }

  /** A hop that comes, and then waits to be taken. */
  private final class Arrival implements PayloadSink {
    final Hop hop;
    final Neighbour from;
    final long bytes;
    final ReceiveBuffer buffer;
    boolean whole;
    boolean unwanted;
    long nanos;

    Arrival(Hop hop, Neighbour from, long bytes) {
      this.hop = hop;
      this.from = from;
      this.bytes = bytes;
      this.nanos = System.nanoTime();
      this.buffer = bytes == 0 ? null : ReceiveBuffer.allocate(bytes);
    }

    @Override
    public void put(long offset, ByteBuffer chunk) {
      buffer.put(offset, chunk);
    }

    @Override
    public void complete() {
      lock.lock();
      try {
        if (unwanted) {
          free();
          return;
        }
        whole = true;
        nanos = System.nanoTime() - nanos;
        if (hop.equals(awaited)) {
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void abort() {
      lock.lock();
      try {
        inbox.remove(hop, this);
        free();
      } finally {
        lock.unlock();
      }
    }

    /** Nobody will take it. */
    void drop() {
      if (whole) {
        free();
      } else {
        unwanted = true;
      }
    }

    private void free() {
      if (buffer != null) {
        buffer.close();
      }
    }
  }
}
