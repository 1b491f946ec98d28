package io.stagecoach.spark.exchange;

import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.TensorMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection. Everything that comes is handled on the connection's own thread; anyone may send.
 */
final class Link implements Peer {

  private static final Logger LOG = LoggerFactory.getLogger(Link.class);

  /** Bodies are text about the run; what is large travels as tensors. */
  private static final int MAX_BODY_BYTES = 64 << 20;

  /** What a connection's thread needs to see that it has ended. */
  private static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long SETTLE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private enum State {
    CONNECTED,
    ADMITTED,
    CLOSING
  }

  private final Channel channel;
  private final TransportClient client;
  private final LinkOwner owner;
  private final String address;
  private final AtomicReference<StagecoachException> failure = new AtomicReference<>();
  private final Set<Payload> unsent = ConcurrentHashMap.newKeySet();
  private final CountDownLatch settled = new CountDownLatch(1);
  private final ScheduledFuture<?> admission;
  private final AdmissionGuard guard;

  private volatile State state = State.CONNECTED;
  private volatile String name = "";
  private volatile HopIntake intake;
  private volatile CreditHearer creditHearer;

  // Of the connection's own thread.
  private Hello heard;
  private boolean admitted;
  private boolean refused;
  private boolean ended;
  private boolean leftInOrder;
  private long nextOut;
  private long nextIn;

  /** Made on the connection's own thread; it has until the deadline to be admitted. */
  Link(TransportClient client, LinkOwner owner) {
    this.client = client;
    this.channel = client.getChannel();
    this.guard = AdmissionGuard.of(channel);
    this.owner = owner;
    this.address = String.valueOf(channel.remoteAddress()).replaceFirst("^[^/]*/", "");
    this.admission =
        channel
            .eventLoop()
            .schedule(
                this::admissionOverdue,
                owner.options().connectTimeout().toNanos(),
                TimeUnit.NANOSECONDS);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public boolean isOpen() {
    return state == State.ADMITTED && failure.get() == null;
  }

  @Override
  public String toString() {
    return name.isEmpty() ? address : name + " at " + address;
  }

  /** Why the connection ended, or null. */
  StagecoachException failure() {
    return failure.get();
  }

  Channel channel() {
    return channel;
  }

  // ---- Admission

  private void admissionOverdue() {
    if (state == State.CONNECTED) {
      refuse(new RefusedException(Refusal.NOT_ADMITTED, "no hello in time"));
    }
  }

  /** The caller's part: ends when both sides have proved themselves. */
  CompletableFuture<Void> introduce() {
    // The caller has a deadline of its own.
    admission.cancel(false);
    EndpointOptions options = owner.options();
    byte[] nonce = Hello.nonce();
    CompletableFuture<Void> done = new CompletableFuture<>();
    ask(
        Hello.hello(options.runId(), options.name(), nonce),
        done,
        answer -> {
          Hello hello =
              Hello.answered(answer, options.runId(), options.name(), nonce, options.secret());
          ask(
              hello.proof(options.runId()),
              done,
              welcome -> {
                admit(hello.peer());
                done.complete(null);
              });
        });
    return done;
  }

  private interface AnswerHandler {
    void handle(ByteBuffer answer);
  }

  private void ask(ByteBuffer message, CompletableFuture<Void> done, AnswerHandler next) {
    var unused =
        client.sendRpc(
            message,
            new RpcResponseCallback() {
              @Override
              public void onSuccess(ByteBuffer answer) {
                try {
                  next.handle(answer);
                } catch (RuntimeException e) {
                  refuse(e);
                  done.completeExceptionally(e);
                }
              }

              @Override
              public void onFailure(Throwable e) {
                done.completeExceptionally(e);
              }
            });
  }

  /** The called side's part. */
  void called(ByteBuffer message, RpcResponseCallback reply) {
    if (refused) {
      return;
    }
    EndpointOptions options = owner.options();
    try {
      if (state == State.CONNECTED && heard == null && Hello.isHello(message)) {
        heard = Hello.heard(message, options.runId(), options.name(), options.secret());
        reply.onSuccess(heard.answer(options.name()));
      } else if (state == State.CONNECTED && heard != null) {
        heard.checkProof(message, options.runId());
        admit(heard.peer());
        reply.onSuccess(ByteBuffer.allocate(0));
      } else {
        throw new RefusedException(
            state == State.CONNECTED ? Refusal.NOT_ADMITTED : Refusal.MALFORMED,
            "a call out of order");
      }
    } catch (RefusedException e) {
      recordRefusal(e);
      // The one word that the caller hears; what exactly was wrong is in this side's log.
      reply.onFailure(new IOException(e.reason().name()));
      var unused = channel.close();
    }
  }

  private void admit(String peer) {
    name = peer;
    admission.cancel(false);
    guard.admitted();
    admitted = true;
    if (state == State.CONNECTED) {
      state = State.ADMITTED;
    }
  }

  // ---- Coming in

  /** A frame's head has come; its payload, if any, is the next that comes. */
  void arrived(ByteBuffer message) {
    if (refused) {
      return;
    }
    try {
      if (!admitted) {
        throw new RefusedException(Refusal.NOT_ADMITTED, "a frame before the hello");
      }
      guard.progress();
      FrameHead head = FrameHead.read(message);
      if (!head.run().equals(owner.options().runId())) {
        throw new RefusedException(Refusal.OTHER_RUN, "a frame of run " + head.run());
      }
      checkNumber(head.number());
      if (head.payload() > owner.options().maxMessageBytes()) {
        throw new RefusedException(
            Refusal.TOO_LARGE,
            "a message of "
                + head.payload()
                + " bytes, where "
                + owner.options().maxMessageBytes()
                + " are accepted");
      }
      PayloadSink sink = begin(head.frame(), head.payload());
      if (head.payload() == 0) {
        sink.complete();
      } else {
        decoder()
            .setInterceptor(new PayloadReader(this, sink, head.payload(), head.frame().words()));
      }
    } catch (RuntimeException | Error e) {
      refuse(e);
      decoder().setInterceptor(PayloadReader.swallowing(this));
    }
  }

  private void checkNumber(long number) {
    if (number != nextIn) {
      throw new RefusedException(
          number >= 0 && number < nextIn ? Refusal.REPLAYED : Refusal.MALFORMED,
          "frame " + number + " in place of frame " + nextIn);
    }
    nextIn++;
  }

  /** A part of a payload has come. */
  void progress() {
    guard.progress();
  }

  private TransportFrameDecoder decoder() {
    // By name: SASL's encryption puts another decoder before it.
    return (TransportFrameDecoder) channel.pipeline().get(TransportFrameDecoder.HANDLER_NAME);
  }

  private PayloadSink begin(Frame frame, long payload) {
    if (frame instanceof Frame.Hop carried) {
      HopIntake lane = intake;
      if (lane == null) {
        throw new RefusedException(Refusal.UNKNOWN_HOP, carried.hop() + " on no lane");
      }
      return lane.begin(carried.hop(), payload);
    } else if (frame instanceof Frame.Credit credit) {
      CreditHearer hearer = creditHearer;
      if (hearer == null) {
        throw new RefusedException(Refusal.MALFORMED, "credit for a lane that was never opened");
      }
      hearer.granted(credit.kind(), credit.total());
    } else if (frame instanceof Frame.Message message) {
      if (message.bodyBytes() > MAX_BODY_BYTES) {
        throw new RefusedException(
            Refusal.TOO_LARGE, "a message's body of " + message.bodyBytes() + " bytes");
      }
      return new MessageSink(message, payload, owner.codec(), whole -> owner.message(this, whole));
    } else if (frame instanceof Frame.Lane lane) {
      owner.opened(this, lane);
    } else {
      leftInOrder = true;
      failure.compareAndSet(null, left(this + " closed its connection"));
      var unused = channel.close();
    }
    return PayloadSink.NOWHERE;
  }

  /** From here on this link's hops go there. */
  void lane(HopIntake receiving) {
    intake = receiving;
    onOwnThread(() -> tellIfEnded(receiving));
  }

  /** From here on this link's credit is heard there. */
  void lane(CreditHearer sending) {
    creditHearer = sending;
    onOwnThread(() -> tellIfEnded(sending));
  }

  private void onOwnThread(Runnable task) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
    } else {
      channel.eventLoop().execute(task);
    }
  }

  private void tellIfEnded(LaneEnd end) {
    if (ended) {
      tell(end);
    }
  }

  private void tell(LaneEnd end) {
    if (leftInOrder) {
      end.left(failure.get());
    } else {
      end.lost(failure.get());
    }
  }

  // ---- Going out

  @Override
  public void send(Control message) {
    Payload payload;
    if (message.tensors().isEmpty()) {
      message.close();
      payload = message.body().length == 0 ? null : Payload.of(message.body());
    } else {
      EncodedTensors encoded = owner.codec().encode(new TensorMessage(0, message.tensors()));
      payload = Payload.of(message.body(), encoded);
    }
    send(new Frame.Message(message.kind(), message.body().length), payload);
  }

  /** Sends a frame and owns its payload, which may be null. */
  void send(Frame frame, Payload payload) {
    if (payload != null) {
      unsent.add(payload);
    }
    if (!isOpen()) {
      end(payload);
      StagecoachException why = failure.get();
      throw why != null ? why : left("This process closed the connection to " + this);
    }
    var unused =
        channel
            .writeAndFlush(new FrameMessage(this, frame, payload))
            .addListener(
                written -> {
                  end(payload);
                  if (!written.isSuccess()) {
                    fail(written.cause());
                  }
                });
  }

  private void end(Payload payload) {
    if (payload != null && unsent.remove(payload)) {
      payload.end();
    }
  }

  /** The head of the next frame on the wire. */
  FrameHead nextHead(Frame frame, long payload) {
    return new FrameHead(owner.options().runId(), nextOut++, payload, frame);
  }

  // ---- Ending

  /** Sends the peer away for what it sent. */
  void refuse(Throwable why) {
    recordRefusal(why);
    var unused = channel.close();
  }

  /** From here on nothing of this peer is heard; who reads its answer finds it counted already. */
  private void recordRefusal(Throwable why) {
    RefusedException refusal;
    if (why instanceof RefusedException known) {
      refusal = known;
    } else if (why instanceof StagecoachException typed) {
      refusal =
          new RefusedException(
              typed.kind() == ErrorKind.RESOURCE ? Refusal.NO_MEMORY : Refusal.MALFORMED,
              typed.what(),
              typed);
    } else if (why instanceof OutOfMemoryError) {
      refusal = new RefusedException(Refusal.NO_MEMORY, String.valueOf(why.getMessage()), why);
    } else {
      LOG.error("What {} sent could not be handled", this, why);
      refusal = new RefusedException(Refusal.MALFORMED, String.valueOf(why), why);
    }
    refused = true;
    owner.refusals().count(whoIsKnown(), toString(), refusal);
    failure.compareAndSet(
        null, refusal.reason() == Refusal.NO_MEMORY ? noMemory(refusal) : unacceptable(refusal));
  }

  private StagecoachException noMemory(RefusedException refusal) {
    return new StagecoachException(
        ErrorKind.RESOURCE,
        owner.options().name()
            + " is out of memory for what "
            + this
            + " sent: "
            + refusal.getMessage(),
        Where.nowhere(),
        MemoryShortage.REMEDY,
        refusal);
  }

  private StagecoachException unacceptable(RefusedException refusal) {
    return new StagecoachException(
        ErrorKind.PEER,
        "Refused what " + this + " sent: " + refusal.getMessage(),
        Where.nowhere(),
        remedy(refusal.reason()),
        refusal);
  }

  private String whoIsKnown() {
    return name.isEmpty() ? AdmissionGuard.host(channel.remoteAddress()) : name;
  }

  private static String remedy(Refusal reason) {
    return reason == Refusal.CORRUPT
        ? "The network, or the memory of one of the two machines, changes bytes: if it comes again,"
            + " leave that machine out"
        : "Check that all processes run the same version of Stagecoach";
  }

  /** The connection broke. */
  void fail(Throwable cause) {
    if (cause instanceof OutOfMemoryError lacking) {
      failure.compareAndSet(
          null, MemoryShortage.of("sending to " + this, Where.nowhere(), lacking));
    }
    failure.compareAndSet(
        null,
        new StagecoachException(
            ErrorKind.EXECUTOR_LOST,
            "The connection to " + this + " broke: " + cause,
            Where.nowhere(),
            "Look at that process's log for why it ended",
            cause));
    var unused = channel.close();
  }

  private static StagecoachException left(String what) {
    return new StagecoachException(ErrorKind.PEER, what, "Look at that process's log for why");
  }

  private StagecoachException lost() {
    return new StagecoachException(
        ErrorKind.EXECUTOR_LOST,
        "The connection to " + this + " was lost",
        "Look at that process's log for why it ended");
  }

  /** The connection has ended: tells whom it concerns, once. */
  void inactive() {
    if (ended) {
      return;
    }
    ended = true;
    admission.cancel(false);
    boolean own = state == State.CLOSING;
    leftInOrder |= own;
    failure.compareAndSet(
        null, own ? left("This process closed the connection to " + this) : lost());
    state = State.CLOSING;
    HopIntake receiving = intake;
    if (receiving != null) {
      tell(receiving);
    }
    CreditHearer sending = creditHearer;
    if (sending != null) {
      tell(sending);
    }
    // Whoever waits at a lane hears of it there; that memory was short is for all to know, at once.
    boolean all = (receiving == null && sending == null) || isOutOfMemory();
    endUnsent();
    settled.countDown();
    owner.ended(this, admitted && !own && all ? failure.get() : null);
  }

  private boolean isOutOfMemory() {
    return failure.get().kind() == ErrorKind.RESOURCE;
  }

  @Override
  public void close() {
    startClose();
    if (!channel.eventLoop().inEventLoop()) {
      awaitEnded(owner.options().closeTimeout());
    }
  }

  /**
   * Says goodbye. The peer, who then has read all that was sent, closes the connection: if this
   * side did, what the peer sent meanwhile would reset it, and what is under way would be lost.
   */
  void startClose() {
    boolean open = isOpen();
    state = State.CLOSING;
    if (open) {
      var unused = channel.writeAndFlush(new FrameMessage(this, new Frame.Goodbye(), null));
    } else {
      var unused = channel.close();
    }
  }

  /** Waits until the peer has closed the connection, or closes it after all. */
  void awaitEnded(Duration timeout) {
    if (!channel.closeFuture().awaitUninterruptibly(timeout.toMillis())) {
      LOG.warn("{} did not take what was sent within {}: closing all the same", this, timeout);
      client.close();
    }
    awaitSettled(timeout.toNanos() + SETTLE_NANOS);
  }

  private void awaitSettled(long nanos) {
    try {
      if (!settled.await(nanos, TimeUnit.NANOSECONDS)) {
        LOG.warn("The connection to {} did not end", this);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Waits until all that was sent is out. Where it is not by then the connection ends: from here on
   * nothing is read of memory that belongs to whoever sent it.
   *
   * @param endNanos until when, by {@link System#nanoTime}
   */
  void settle(long endNanos) {
    while (!unsent.isEmpty() && System.nanoTime() < endNanos) {
      LockSupport.parkNanos(SETTLE_PAUSE_NANOS);
    }
    if (!unsent.isEmpty()) {
      fail(new IOException("it did not take what was sent in time"));
      awaitSettled(SETTLE_NANOS);
    }
  }

  /** Gives back what was never written, once the connection has ended. */
  void endUnsent() {
    unsent.forEach(this::end);
  }
}
