package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.util.internal.PlatformDependent;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.factory.Nd4j;

class RefusalTest {

  private static final Frame.Message TEXT = new Frame.Message("x", 0);
  private static final long LIMIT = 1 << 20;

  private final Network network = Network.plain();
  private final Network.Heard heard = new Network.Heard();
  private Endpoint endpoint;

  @BeforeEach
  void open() {
    endpoint = network.endpoint(network.options("driver").withMaxMessageBytes(LIMIT), heard);
  }

  @AfterEach
  void nothingIsLeftOpen() {
    network.close();
  }

  /** Whatever was refused, others are still served. */
  private void assertServes() throws Exception {
    Endpoint other = network.endpoint("executor", new Network.Heard());
    Peer peer = other.connect(endpoint.host(), endpoint.port());
    peer.send(Control.of("still", "there".getBytes(StandardCharsets.UTF_8)));
    Control message = heard.message();
    assertThat(message.kind()).isEqualTo("still");
    assertThat(message.bodyText()).isEqualTo("there");
  }

  private void assertRefused(Refusal reason) throws Exception {
    assertThat(endpoint.refusals().byCause()).isEqualTo(Map.of(reason, 1L));
    assertServes();
  }

  @Test
  void aCallerWithAnotherSecretIsNotBelieved() {
    Network stranger = Network.plain();
    EndpointOptions own = network.options("executor");
    EndpointOptions options =
        EndpointOptions.of(
            own.conf(),
            own.security(),
            network.run,
            stranger.secret,
            "executor",
            "127.0.0.1",
            network.allocator);
    Endpoint other = network.endpoint(options, new Network.Heard());
    StagecoachException e =
        catchThrowableOfType(
            StagecoachException.class, () -> other.connect(endpoint.host(), endpoint.port()));
    assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
    assertThat(other.refusals().byCause()).containsOnlyKeys(Refusal.NOT_ADMITTED);
    assertThat(heard.heardNothing()).isTrue();
    stranger.close();
  }

  @Test
  void aWrongProofIsRefused() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.ask(Hello.hello(network.run, "executor", Hello.nonce()));
      Hello forged =
          Hello.heard(
              Hello.hello(network.run, "executor", Hello.nonce()),
              network.run,
              "driver",
              JobSecret.random());
      assertThatThrownBy(() -> raw.ask(forged.proof(network.run)))
          .hasMessageContaining("NOT_ADMITTED");
      raw.awaitSentAway();
    }
    assertRefused(Refusal.NOT_ADMITTED);
  }

  /** Found by fuzzing: either was an exception in Spark's handler, which nobody counted. */
  @Test
  void aHelloMustHaveANameThatIsText() throws Exception {
    byte[] good = Hello.hello(network.run, "n", Hello.nonce()).array();
    int atName = 23;
    byte[] nameless = new byte[good.length - 1];
    System.arraycopy(good, 0, nameless, 0, atName);
    System.arraycopy(good, atName + 1, nameless, atName, good.length - atName - 1);
    nameless[atName - 1] = 0;
    byte[] noText = good.clone();
    noText[atName] = (byte) 0xff;
    for (byte[] hello : List.of(nameless, noText)) {
      try (RawPeer raw = new RawPeer(network, endpoint)) {
        assertThatThrownBy(() -> raw.ask(ByteBuffer.wrap(hello)))
            .hasMessageContaining("NOT_ADMITTED");
        raw.awaitSentAway();
      }
    }
    assertThat(endpoint.refusals().byCause()).isEqualTo(Map.of(Refusal.NOT_ADMITTED, 2L));
    assertServes();
  }

  @Test
  void aProofCannotBeReplayedOnAnotherConnection() throws Exception {
    byte[] nonce = Hello.nonce();
    ByteBuffer proof;
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      ByteBuffer answer = raw.ask(Hello.hello(network.run, "executor", nonce));
      proof =
          Hello.answered(answer, network.run, "executor", nonce, network.secret).proof(network.run);
      raw.ask(proof.duplicate());
    }
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.ask(Hello.hello(network.run, "executor", nonce));
      assertThatThrownBy(() -> raw.ask(proof)).hasMessageContaining("NOT_ADMITTED");
      raw.awaitSentAway();
    }
    assertRefused(Refusal.NOT_ADMITTED);
  }

  @Test
  void aProcessOfAnotherRunIsRefused() throws Exception {
    Network other = Network.plain();
    Endpoint stranger = other.endpoint("executor", new Network.Heard());
    assertThatThrownBy(() -> stranger.connect(endpoint.host(), endpoint.port()))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
    other.close();
    assertRefused(Refusal.OTHER_RUN);
  }

  @Test
  void nothingIsAcceptedBeforeTheHello() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.send(TEXT, 0);
      raw.awaitSentAway();
    }
    assertRefused(Refusal.NOT_ADMITTED);
  }

  @Test
  void aStrangerCannotMakeTheEndpointGatherALongFrame() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.send(ByteBuffer.allocate(8 << 20));
      raw.awaitSentAway();
    }
    assertRefused(Refusal.TOO_LARGE);
  }

  @Test
  void whoSaysNothingIsSentAway() throws Exception {
    Endpoint hasty =
        network.endpoint(
            network.options("hasty").withTimeouts(Duration.ofMillis(50), Duration.ofSeconds(10)),
            heard);
    try (RawPeer raw = new RawPeer(network, hasty)) {
      raw.awaitSentAway();
    }
    assertThat(hasty.refusals().byCause()).containsOnlyKeys(Refusal.NOT_ADMITTED);
  }

  @Test
  void aServerThatDoesNotAnswerIsADeadlineError() throws Exception {
    Endpoint hasty =
        network.endpoint(
            network.options("hasty").withTimeouts(Duration.ofMillis(50), Duration.ofSeconds(10)),
            heard);
    try (ServerSocket silent = new ServerSocket(0)) {
      StagecoachException e =
          catchThrowableOfType(
              StagecoachException.class, () -> hasty.connect("127.0.0.1", silent.getLocalPort()));
      assertThat(e.kind()).isEqualTo(ErrorKind.DEADLINE);
    }
  }

  @Test
  void aServerThatIsNotThereIsAPeerError() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    StagecoachException e =
        catchThrowableOfType(StagecoachException.class, () -> endpoint.connect("127.0.0.1", free));
    assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
    assertThat(e).hasMessageContaining("127.0.0.1:" + free);
  }

  record Bad(String what, Refusal reason, ByteBuffer frame, int payload) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static final UUID RUN = new UUID(1, 2);

  private static Bad bad(String what, Refusal reason, FrameHead head) {
    return new Bad(what, reason, RawPeer.bytes(head), 0);
  }

  private static ByteBuffer changed(Frame frame, int index, int value) {
    ByteBuffer bytes = RawPeer.bytes(new FrameHead(RUN, 0, 0, frame));
    return RawPeer.summed(bytes.put(index, (byte) value));
  }

  /** A bit changed on the way: the checksum stays as it was. */
  private static ByteBuffer flipped(ByteBuffer head, int at) {
    ByteBuffer bytes = ByteBuffer.allocate(head.remaining()).put(head.duplicate()).rewind();
    return bytes.put(at, (byte) (bytes.get(at) ^ 4));
  }

  static List<Bad> badFrames() {
    Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    List<Bad> bad = new ArrayList<>();
    bad.add(new Bad("nothing", Refusal.MALFORMED, ByteBuffer.allocate(0), 0));
    bad.add(new Bad("magic", Refusal.MALFORMED, changed(TEXT, 0, 1), 0));
    bad.add(new Bad("version", Refusal.MALFORMED, changed(TEXT, 4, 99), 0));
    bad.add(new Bad("type", Refusal.MALFORMED, changed(TEXT, 5, 77), 0));
    bad.add(new Bad("kind of hop", Refusal.MALFORMED, changed(new Frame.Hop(hop), 50, 2), 0));
    bad.add(new Bad("long head", Refusal.TOO_LARGE, ByteBuffer.allocate(1 << 20), 0));
    ByteBuffer cut = RawPeer.bytes(new FrameHead(RUN, 0, 0, new Frame.Hop(hop)));
    ByteBuffer shorter = ByteBuffer.allocate(cut.remaining() - 1);
    shorter.put(cut.slice(0, shorter.capacity())).rewind();
    bad.add(new Bad("cut off", Refusal.MALFORMED, RawPeer.summed(shorter), 0));
    ByteBuffer more = ByteBuffer.allocate(cut.remaining() + 1).put(cut.duplicate()).rewind();
    bad.add(new Bad("too much", Refusal.MALFORMED, RawPeer.summed(more), 0));
    bad.add(new Bad("next to nothing", Refusal.MALFORMED, cut.slice(0, 7), 0));
    for (int at = 5; at < cut.remaining() - 4; at += 9) {
      bad.add(new Bad("a bit changed at " + at, Refusal.CORRUPT, flipped(cut, at), 0));
    }
    bad.add(bad("other run", Refusal.OTHER_RUN, new FrameHead(new UUID(3, 4), 0, 0, TEXT)));
    bad.add(bad("number", Refusal.MALFORMED, new FrameHead(RUN, 7, 0, TEXT)));
    bad.add(bad("too long", Refusal.TOO_LARGE, new FrameHead(RUN, 0, LIMIT + 1, TEXT)));
    bad.add(bad("far too long", Refusal.TOO_LARGE, new FrameHead(RUN, 0, Long.MAX_VALUE, TEXT)));
    bad.add(bad("negative", Refusal.MALFORMED, new FrameHead(RUN, 0, -1, TEXT)));
    bad.add(
        bad(
            "body beyond payload",
            Refusal.MALFORMED,
            new FrameHead(RUN, 0, 5, new Frame.Message("x", 6))));
    bad.add(
        bad(
            "negative body",
            Refusal.MALFORMED,
            new FrameHead(RUN, 0, 5, new Frame.Message("x", -6))));
    bad.add(
        bad(
            "payload of credit",
            Refusal.MALFORMED,
            new FrameHead(RUN, 0, 5, new Frame.Credit(Hop.Kind.GRADIENTS, 1))));
    bad.add(
        bad(
            "credit for nothing",
            Refusal.MALFORMED,
            new FrameHead(RUN, 0, 0, new Frame.Credit(Hop.Kind.GRADIENTS, 1))));
    bad.add(bad("no lane", Refusal.UNKNOWN_HOP, new FrameHead(RUN, 0, 0, new Frame.Hop(hop))));
    bad.add(
        new Bad(
            "tensors that are none",
            Refusal.MALFORMED,
            RawPeer.bytes(new FrameHead(RUN, 0, 100_000, TEXT)),
            100_000));
    return bad;
  }

  @ParameterizedTest
  @MethodSource("badFrames")
  void aBadFrameEndsItsConnectionOnly(Bad bad) throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-7", network.secret);
      ByteBuffer frame = ByteBuffer.allocate(bad.frame().remaining());
      frame.put(bad.frame().duplicate()).rewind();
      if (frame.remaining() >= 22 && frame.getLong(6) == RUN.getMostSignificantBits()) {
        frame.putLong(6, network.run.getMostSignificantBits());
        frame.putLong(14, network.run.getLeastSignificantBits());
        if (bad.reason() != Refusal.CORRUPT) {
          RawPeer.summed(frame);
        }
      }
      raw.send(frame);
      if (bad.payload() > 0) {
        raw.sendSummed(new byte[bad.payload()]);
      }
      raw.awaitSentAway();
    }
    Network.Heard.Lost lost = heard.loss();
    assertThat(lost.peer().name()).isEqualTo("executor-7");
    assertThat(lost.why().kind()).isEqualTo(ErrorKind.PEER);
    assertThat(lost.why()).hasMessageContaining("executor-7");
    assertRefused(bad.reason());
  }

  @Test
  void aFrameThatComesAgainIsReplayed() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-7", network.secret);
      FrameHead head = new FrameHead(network.run, 0, 0, TEXT);
      raw.send(head);
      raw.send(head);
      raw.awaitSentAway();
    }
    assertThat(heard.message().kind()).isEqualTo("x");
    assertThat(heard.loss().why()).hasMessageContaining("frame 0 in place of frame 1");
    assertRefused(Refusal.REPLAYED);
  }

  @Test
  void aMessageWithAChangedBitIsNotHeard() throws Exception {
    byte[] body = "weights".repeat(50_000).getBytes(StandardCharsets.UTF_8);
    for (int at : new int[] {0, body.length / 2, body.length - 1}) {
      byte[] changed = body.clone();
      changed[at] = (byte) (changed[at] ^ 1);
      try (RawPeer raw = new RawPeer(network, endpoint)) {
        raw.introduce("executor-7", network.secret);
        raw.send(new Frame.Message("run-step", body.length), body.length);
        CRC32C checksum = new CRC32C();
        checksum.update(body);
        raw.sendRaw(changed);
        raw.sendRaw(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
        raw.awaitSentAway();
      }
      StagecoachException why = heard.loss().why();
      assertThat(why.kind()).isEqualTo(ErrorKind.PEER);
      assertThat(why).hasMessageContainingAll("executor-7", "run-step", "checksum");
    }
    assertThat(heard.heardNothing()).isTrue();
    assertThat(endpoint.refusals().byCause()).isEqualTo(Map.of(Refusal.CORRUPT, 3L));
    assertServes();
  }

  @Test
  void aHopWithAChangedBitEndsTheWaitAndSaysWhichHopFromWhom() throws Exception {
    Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 3, 0, 1);
    try (StreamingExchange exchange = exchangeWithRawNeighbour(4);
        RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-0", network.secret);
      raw.send(new Frame.Lane(0, 0, 1), 0);
      raw.send(new Frame.Hop(hop), 4096);
      raw.sendRaw(new byte[4096]);
      raw.sendRaw(new byte[] {1, 2, 3, 4});
      raw.awaitSentAway();
      StagecoachException e =
          catchThrowableOfType(StagecoachException.class, () -> exchange.receive(hop));
      assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
      assertThat(e)
          .hasMessageContainingAll(
              "activations of micro-batch 3 from stage 0 to stage 1", "executor-0", "checksum");
      assertThat(e.where().stage()).isEqualTo(1);
    }
    assertRefused(Refusal.CORRUPT);
  }

  @Test
  void hopsOfAnEarlierAttemptAreDroppedAndCountedAndTheConnectionStays() throws Exception {
    Hop now = new Hop(5, 1, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    try (StreamingExchange exchange = exchangeWithRawNeighbour(4);
        RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-0", network.secret);
      raw.send(new Frame.Lane(0, 0, 1), 0);
      raw.send(new Frame.Hop(now), 0);
      exchange.receive(now).close();
      raw.send(new Frame.Hop(new Hop(5, 0, Hop.Kind.ACTIVATIONS, 1, 0, 1)), 0);
      raw.send(new Frame.Hop(new Hop(4, 7, Hop.Kind.ACTIVATIONS, 1, 0, 1)), 0);
      Hop next = new Hop(5, 1, Hop.Kind.ACTIVATIONS, 1, 0, 1);
      raw.send(new Frame.Hop(next), 0);
      exchange.receive(next).close();
    }
    assertThat(endpoint.refusals().byCause()).isEqualTo(Map.of(Refusal.STALE, 2L));
  }

  @Test
  void anAdmittedPeerCannotMakeItGatherAFrameWithoutEnd() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-7", network.secret);
      // Spark's own frame: its length, which is 1 GiB, and then whatever.
      raw.sendRaw(ByteBuffer.allocate(8).putLong(1L << 30).array());
      for (int i = 0; i < 40 && raw.isConnected(); i++) {
        raw.trySendRaw(new byte[64 << 10]);
      }
      raw.awaitSentAway();
    }
    assertThat(heard.loss().why()).hasMessageContaining("does not end");
    assertRefused(Refusal.TOO_LARGE);
  }

  @Test
  void aServerThatIsNoneOfOursCannotMakeItsCallerGather() throws Exception {
    Endpoint caller =
        network.endpoint(
            network.options("caller").withTimeouts(Network.PATIENCE, Duration.ofSeconds(10)),
            heard);
    try (ServerSocket rogue = new ServerSocket(0)) {
      Thread flood =
          new Thread(
              () -> {
                try (Socket socket = rogue.accept()) {
                  OutputStream out = socket.getOutputStream();
                  out.write(ByteBuffer.allocate(8).putLong(1L << 30).array());
                  for (int i = 0; i < 4096; i++) {
                    out.write(new byte[64 << 10]);
                  }
                } catch (IOException e) {
                  // It was sent away.
                }
              });
      flood.start();
      assertThatThrownBy(() -> caller.connect("127.0.0.1", rogue.getLocalPort()))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER));
      flood.join(Network.PATIENCE.toMillis());
    }
    assertThat(caller.refusals().byCause()).isEqualTo(Map.of(Refusal.TOO_LARGE, 1L));
  }

  @Test
  void connectionsThatSayNothingAreBoundedAndEnd() throws Exception {
    Endpoint busy =
        network.endpoint(
            network.options("busy").withTimeouts(Duration.ofSeconds(3), Duration.ofSeconds(10)),
            heard);
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < Strangers.MOST + 20; i++) {
        silent.add(new Socket(InetAddress.getLoopbackAddress(), busy.port()));
      }
      await(() -> busy.refusals().byCause().getOrDefault(Refusal.TOO_MANY, 0L) == 20);
      // A byte now and then, of a length that could become one of Spark's, is no hello either.
      for (int i = 0; i < 7; i++) {
        for (Socket socket : silent) {
          trickle(socket);
        }
      }
      await(() -> busy.links().isEmpty());
      assertThat(busy.refusals().byCause())
          .isEqualTo(Map.of(Refusal.TOO_MANY, 20L, Refusal.NOT_ADMITTED, (long) Strangers.MOST));
      Endpoint other = network.endpoint("executor", new Network.Heard());
      assertThat(other.connect(busy.host(), busy.port()).isOpen()).isTrue();
    } finally {
      for (Socket socket : silent) {
        socket.close();
      }
    }
  }

  private static void trickle(Socket socket) {
    try {
      socket.getOutputStream().write(0);
    } catch (IOException e) {
      // This one was one too many.
    }
  }

  @Test
  void aThousandBadPeersCostOneLineEachCauseAndNoMemory() throws Exception {
    Endpoint other = network.endpoint("executor", new Network.Heard());
    Peer good = other.connect(endpoint.host(), endpoint.port());
    Random random = new Random(5);
    long direct = 0;
    for (int i = 0; i < 1000; i++) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), endpoint.port())) {
        byte[] noise = new byte[32 << 10];
        random.nextBytes(noise);
        socket.getOutputStream().write(noise);
        assertThat(socket.getInputStream().read()).isNegative();
      } catch (IOException e) {
        // It was sent away.
      }
      if (i == 200) {
        direct = directBytes();
      }
    }
    await(() -> endpoint.links().size() == 1);
    good.send(Control.of("still", new byte[] {1}));
    assertThat(heard.message().kind()).isEqualTo("still");
    assertThat(endpoint.refusals().total()).isEqualTo(1000);
    assertThat(endpoint.loggedRefusals()).isLessThanOrEqualTo(Refusal.values().length);
    assertThat(directBytes()).isLessThan(direct + (8L << 20));
  }

  /** What Netty has taken of memory off the heap. */
  private static long directBytes() {
    return PlatformDependent.usedDirectMemory();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + Network.PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  @Test
  void noBytesWhateverCrashTheEndpoint() throws Exception {
    Random random = new Random(3);
    for (int i = 0; i < 30; i++) {
      try (RawPeer raw = new RawPeer(network, endpoint)) {
        raw.introduce("executor-7", network.secret);
        byte[] noise = new byte[random.nextInt(400)];
        random.nextBytes(noise);
        raw.send(ByteBuffer.wrap(noise));
        raw.awaitSentAway();
      }
      assertThat(heard.loss().why().kind()).isEqualTo(ErrorKind.PEER);
    }
    assertServes();
  }

  @Test
  void aConnectionThatIsNotSparksIsEnded() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-7", network.secret);
      raw.sendPayload(64);
      raw.awaitSentAway();
    }
    assertThat(heard.loss().why().kind()).isEqualTo(ErrorKind.PEER);
    assertRefused(Refusal.MALFORMED);
  }

  @Test
  void aMessageThatIsCutOffIsALostPeerAndFreesItsMemory() throws Exception {
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-7", network.secret);
      raw.send(TEXT, 500_000);
      raw.sendPayload(300_000);
    }
    assertThat(heard.loss().why().kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
    assertThat(endpoint.refusals().byCause()).isEmpty();
    assertServes();
  }

  @Test
  void hopsBeyondTheCreditAreRefusedAndEndTheWait() throws Exception {
    Hop wanted = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 9, 0, 1);
    try (StreamingExchange exchange = exchangeWithRawNeighbour(2);
        RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-0", network.secret);
      raw.send(new Frame.Lane(0, 0, 1), 0);
      for (int i = 0; i < 3; i++) {
        raw.send(new Frame.Hop(new Hop(0, 0, Hop.Kind.ACTIVATIONS, i, 0, 1)), 0);
      }
      raw.awaitSentAway();
      StagecoachException e =
          catchThrowableOfType(StagecoachException.class, () -> exchange.receive(wanted));
      assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
      assertThat(e).hasMessageContainingAll("executor-0", "credit");
    }
    assertRefused(Refusal.BEYOND_CREDIT);
  }

  @Test
  void hopsOfOtherStagesAndSecondOnesAreRefused() throws Exception {
    Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    List<List<Hop>> cases =
        List.of(
            List.of(hop, hop),
            List.of(new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 2)),
            List.of(new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 5, 1)));
    for (List<Hop> sent : cases) {
      try (StreamingExchange exchange = exchangeWithRawNeighbour(4);
          RawPeer raw = new RawPeer(network, endpoint)) {
        raw.introduce("executor-0", network.secret);
        raw.send(new Frame.Lane(0, 0, 1), 0);
        sent.forEach(each -> raw.send(new Frame.Hop(each), 0));
        raw.awaitSentAway();
        assertThatThrownBy(() -> exchange.send(new Hop(0, 0, Hop.Kind.GRADIENTS, 0, 1, 0), none()))
            .isInstanceOf(StagecoachException.class);
      }
    }
    assertThat(endpoint.refusals().byCause()).isEqualTo(Map.of(Refusal.UNKNOWN_HOP, 3L));
  }

  @Test
  void aHopThatIsCutOffEndsTheWaitAndFreesItsMemory() throws Exception {
    Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    try (StreamingExchange exchange = exchangeWithRawNeighbour(2)) {
      try (RawPeer raw = new RawPeer(network, endpoint)) {
        raw.introduce("executor-0", network.secret);
        raw.send(new Frame.Lane(0, 0, 1), 0);
        raw.send(new Frame.Hop(hop), 700_000);
        raw.sendPayload(699_999);
      }
      StagecoachException e =
          catchThrowableOfType(StagecoachException.class, () -> exchange.receive(hop));
      assertThat(e.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
      assertThat(e).hasMessageContaining("executor-0");
    }
  }

  /** More than any process has, and accepted by its length. */
  private static final long IMMENSE = 1L << 50;

  private void openForAnyLength() {
    endpoint =
        network.endpoint(network.options("executor-1").withMaxMessageBytes(2 * IMMENSE), heard);
  }

  private void assertOutOfMemory(StagecoachException why) throws Exception {
    assertThat(why.kind()).isEqualTo(ErrorKind.RESOURCE);
    assertThat(why)
        .hasMessageContainingAll("executor-1 is out of memory", "executor-0", "" + IMMENSE)
        .hasMessageContaining("memoryOverhead");
    for (Throwable at = why; at != null; at = at.getCause()) {
      assertThat(at).isNotInstanceOf(VirtualMachineError.class);
    }
    assertRefused(Refusal.NO_MEMORY);
  }

  @Test
  void aMessageForWhichThereIsNoMemoryIsAResourceError() throws Exception {
    openForAnyLength();
    try (RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-0", network.secret);
      raw.send(TEXT, IMMENSE);
      raw.awaitSentAway();
    }
    assertOutOfMemory(heard.loss().why());
  }

  @Test
  void aHopForWhichThereIsNoMemoryIsSaidAtOnceAndEndsTheWait() throws Exception {
    openForAnyLength();
    Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    try (StreamingExchange exchange = exchangeWithRawNeighbour(2);
        RawPeer raw = new RawPeer(network, endpoint)) {
      raw.introduce("executor-0", network.secret);
      raw.send(new Frame.Lane(0, 0, 1), 0);
      raw.send(new Frame.Hop(hop), IMMENSE);
      assertOutOfMemory(heard.loss().why());
      StagecoachException e =
          catchThrowableOfType(StagecoachException.class, () -> exchange.receive(hop));
      assertThat(e.kind()).isEqualTo(ErrorKind.RESOURCE);
      assertThat(e.where().stage()).isEqualTo(1);
    }
  }

  /**
   * The exchange of stage 1 at the endpoint; where stage 0 should be is an endpoint of its name.
   */
  private StreamingExchange exchangeWithRawNeighbour(int credit) {
    Endpoint neighbour = network.endpoint("executor-0", new Network.Heard());
    return StreamingExchange.open(
        endpoint,
        1,
        Map.of(0, neighbour.address()),
        new ExchangeOptions(0, credit, Network.PATIENCE));
  }

  private static Tensors none() {
    return Tensors.of("x", Nd4j.scalar(1.0));
  }
}
