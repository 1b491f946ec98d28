package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.Tensors;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
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
    assertThat(endpoint.refusals()).isEqualTo(Map.of(reason, 1L));
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
    assertThat(other.refusals()).containsOnlyKeys(Refusal.NOT_ADMITTED);
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
    assertThat(hasty.refusals()).containsOnlyKeys(Refusal.NOT_ADMITTED);
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
    return bytes.put(index, (byte) value);
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
    bad.add(new Bad("cut off", Refusal.MALFORMED, cut.slice(0, cut.remaining() - 1), 0));
    ByteBuffer more = ByteBuffer.allocate(cut.remaining() + 1).put(cut.duplicate()).rewind();
    bad.add(new Bad("too much", Refusal.MALFORMED, more, 0));
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
      }
      raw.send(frame);
      if (bad.payload() > 0) {
        raw.sendPayload(bad.payload());
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
    assertThat(endpoint.refusals()).isEmpty();
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
    assertThat(endpoint.refusals()).isEqualTo(Map.of(Refusal.UNKNOWN_HOP, 3L));
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
