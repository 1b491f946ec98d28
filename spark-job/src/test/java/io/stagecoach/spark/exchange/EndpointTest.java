package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Hop;
import io.stagecoach.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class EndpointTest {

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void bothSidesSpeakOnTheConnectionThatOneOpened() throws Exception {
    try (Network network = Network.plain()) {
      Network.Heard atDriver = new Network.Heard();
      Network.Heard atExecutor = new Network.Heard();
      Endpoint driver = network.endpoint("driver", atDriver);
      Endpoint executor = network.endpoint("executor-3", atExecutor);
      Peer toDriver = executor.connect(driver.host(), driver.port());
      assertThat(toDriver.name()).isEqualTo("driver");

      toDriver.send(Control.of("register", bytes("{\"stage\":1}")));
      Control registered = atDriver.message();
      assertThat(registered.kind()).isEqualTo("register");
      assertThat(registered.bodyText()).isEqualTo("{\"stage\":1}");
      assertThat(registered.tensors().isEmpty()).isTrue();
      Peer toExecutor = atDriver.sender();
      assertThat(toExecutor.name()).isEqualTo("executor-3");

      INDArray weights = Nd4j.rand(DataType.DOUBLE, 1, 2_000_001);
      INDArray copy = weights.dup();
      toExecutor.send(Control.of("weights", bytes("step 4"), Tensors.of("w", weights)));
      try (Control got = atExecutor.message()) {
        assertThat(got.bodyText()).isEqualTo("step 4");
        assertThat(got.tensors().get("w")).isEqualTo(copy);
        toDriver.send(Control.of("gradients", new byte[0], Tensors.of("g", copy)));
      }
      try (Control got = atDriver.message()) {
        assertThat(got.body()).isEmpty();
        assertThat(got.tensors().get("g").length()).isEqualTo(2_000_001);
      }
      assertThat(driver.refusals().byCause()).isEmpty();
      assertThat(executor.refusals().byCause()).isEmpty();
    }
  }

  @Test
  void messagesArriveInOrder() throws Exception {
    try (Network network = Network.plain()) {
      Network.Heard heard = new Network.Heard();
      Endpoint driver = network.endpoint("driver", heard);
      Endpoint executor = network.endpoint("executor", new Network.Heard());
      Peer peer = executor.connect(driver.host(), driver.port());
      for (int i = 0; i < 200; i++) {
        Tensors tensors =
            i % 3 == 0 ? Tensors.of("x", Nd4j.valueArrayOf(i * 40 + 1, i)) : Tensors.none();
        peer.send(Control.of("m", bytes(String.valueOf(i)), tensors));
      }
      for (int i = 0; i < 200; i++) {
        try (Control message = heard.message()) {
          assertThat(message.bodyText()).isEqualTo(String.valueOf(i));
          assertThat(message.tensors().isEmpty()).isEqualTo(i % 3 != 0);
        }
      }
    }
  }

  /** What is sent from somebody's memory is out before that is given back. */
  @Test
  void whatIsSentIsOutWhenItHasSettled() throws Exception {
    try (Network network = Network.plain()) {
      Network.Heard heard = new Network.Heard();
      Endpoint driver = network.endpoint("driver", heard);
      Endpoint executor = network.endpoint("executor", new Network.Heard());
      Peer peer = executor.connect(driver.host(), driver.port());
      INDArray gradients = Nd4j.valueArrayOf(new long[] {16 << 20}, 3f, DataType.FLOAT);
      peer.send(
          Control.of("gradients", new byte[0], Tensors.viewsOf(Map.of("g", gradients), () -> {})));
      executor.settle(Network.PATIENCE);
      gradients.assign(Float.NaN);
      try (Control got = heard.message()) {
        assertThat(got.tensors().get("g").minNumber().floatValue()).isEqualTo(3);
        assertThat(got.tensors().get("g").maxNumber().floatValue()).isEqualTo(3);
      }
      assertThat(peer.isOpen()).isTrue();
    }
  }

  @Test
  void whoDoesNotTakeWhatIsSentIsLeft() throws Exception {
    try (Network network = Network.plain()) {
      CountDownLatch reads = new CountDownLatch(1);
      Endpoint deaf =
          network.endpoint(
              "deaf",
              new Receiver() {
                @Override
                public void message(Peer from, Control message) {
                  message.close();
                  try {
                    reads.await();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                }

                @Override
                public void lost(Peer from, StagecoachException why) {}
              });
      Endpoint executor = network.endpoint("executor", new Network.Heard());
      Peer peer = executor.connect(deaf.host(), deaf.port());
      peer.send(Control.of("first", bytes("words")));
      INDArray gradients = Nd4j.valueArrayOf(new long[] {16 << 20}, 3f, DataType.FLOAT);
      AtomicBoolean released = new AtomicBoolean();
      peer.send(
          Control.of(
              "gradients",
              new byte[0],
              Tensors.viewsOf(Map.of("g", gradients), () -> released.set(true))));
      assertThat(released).isFalse();
      executor.settle(Duration.ofMillis(200));
      assertThat(released).as("nothing is read from there any more").isTrue();
      assertThat(peer.isOpen()).isFalse();
      reads.countDown();
    }
  }

  @Test
  void aGoodbyeIsToldApartFromALoss() throws Exception {
    try (Network network = Network.plain()) {
      Network.Heard heard = new Network.Heard();
      Endpoint driver = network.endpoint("driver", heard);
      Endpoint first = network.endpoint("first", new Network.Heard());
      Peer leaving = first.connect(driver.host(), driver.port());
      leaving.send(Control.of("last", bytes("words")));
      leaving.close();
      assertThat(heard.message().bodyText()).isEqualTo("words");
      assertThat(heard.loss().why().kind()).isEqualTo(ErrorKind.PEER);
      assertThat(leaving.isOpen()).isFalse();
      INDArray array = Nd4j.scalar(1.0);
      assertThatThrownBy(
              () -> leaving.send(Control.of("more", new byte[0], Tensors.of("x", array))))
          .isInstanceOf(StagecoachException.class);
      assertThat(array.wasClosed()).isTrue();

      Endpoint second = network.endpoint("second", new Network.Heard());
      second.connect(driver.host(), driver.port()).send(Control.of("hello", bytes("")));
      heard.message();
      Breaking.abruptly(second);
      Network.Heard.Lost lost = heard.loss();
      assertThat(lost.peer().name()).isEqualTo("second");
      assertThat(lost.why().kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
    }
  }

  @Test
  void aPortInUseIsTriedPast() {
    SparkConf conf = new SparkConf(false).set("spark.port.maxRetries", "3");
    try (Network network = new Network(conf)) {
      Endpoint first = network.endpoint("first", new Network.Heard());
      EndpointOptions same = network.options("second").withPort(first.port());
      Endpoint second = network.endpoint(same, new Network.Heard());
      assertThat(second.port()).isBetween(first.port() + 1, first.port() + 3);
    }
    try (Network network = new Network(new SparkConf(false).set("spark.port.maxRetries", "0"))) {
      Endpoint first = network.endpoint("first", new Network.Heard());
      EndpointOptions same = network.options("second").withPort(first.port());
      StagecoachException e =
          catchThrowableOfType(
              StagecoachException.class, () -> Endpoint.open(same, new Network.Heard()));
      assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER);
      assertThat(e).hasMessageContaining(String.valueOf(first.port()));
    }
  }

  @Test
  void closingLeavesNoThread() throws Exception {
    try (Network network = Network.plain()) {
      List<StreamingExchange> chain = network.chain(3, ExchangeOptions.of(0, Network.PATIENCE));
      Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
      chain.get(0).send(hop, Tensors.of("x", Nd4j.scalar(1.0)));
      chain.get(1).receive(hop).close();
      assertThat(threads()).isNotEmpty();
      assertThat(threads()).allMatch(Thread::isDaemon);
    }
    // Spark's own shutdown of a thread that never served takes two seconds.
    for (Thread thread : threads()) {
      thread.join(Network.PATIENCE.toMillis());
    }
    assertThat(threads()).isEmpty();
  }

  private static List<Thread> threads() {
    List<Thread> found = new ArrayList<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("stagecoach-")) {
        found.add(thread);
      }
    }
    return found;
  }

  /** Not AES/GCM: Spark 3.5.5 decrypts one message of a connection with it, and then nothing. */
  static List<Map<String, String>> securitySettings() {
    return List.of(
        Map.of(),
        Map.of("spark.network.crypto.enabled", "true"),
        Map.of("spark.authenticate.enableSaslEncryption", "true"));
  }

  private static SparkConf secured(Map<String, String> settings, String secret) {
    SparkConf conf =
        new SparkConf(false)
            .set("spark.authenticate", "true")
            .set("spark.authenticate.secret", secret);
    settings.forEach(conf::set);
    return conf;
  }

  @ParameterizedTest
  @MethodSource("securitySettings")
  void sparksAuthenticationAndEncryptionApply(Map<String, String> settings) throws Exception {
    try (Network network = new Network(secured(settings, "of the application"))) {
      List<StreamingExchange> chain = network.chain(2, ExchangeOptions.of(0, Network.PATIENCE));
      for (int i = 0; i < 40; i++) {
        Hop hop = new Hop(0, 0, Hop.Kind.ACTIVATIONS, i, 0, 1);
        INDArray array = Nd4j.rand(DataType.FLOAT, 1 + i * 5_003);
        INDArray copy = array.dup();
        chain.get(0).send(hop, Tensors.of("x", array));
        try (Tensors got = chain.get(1).receive(hop)) {
          assertThat(got.get("x")).isEqualTo(copy);
        }
      }
      Network.Heard heard = new Network.Heard();
      Endpoint driver = network.endpoint("driver", heard);

      try (RawPeer raw = new RawPeer(network, driver)) {
        assertThatThrownBy(() -> raw.introduce("executor", network.secret))
            .isInstanceOf(RuntimeException.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("securitySettings")
  void anotherApplicationsSecretIsRefused(Map<String, String> settings) {
    Network network = new Network(secured(settings, "of the application"));
    Network other = new Network(secured(settings, "of another"));
    Endpoint driver = network.endpoint("driver", new Network.Heard());
    EndpointOptions wrong =
        EndpointOptions.of(
            other.options("x").conf(),
            other.options("x").security(),
            network.run,
            network.secret,
            "executor",
            "127.0.0.1",
            other.allocator);
    Endpoint executor = other.endpoint(wrong, new Network.Heard());
    StagecoachException e =
        catchThrowableOfType(
            StagecoachException.class, () -> executor.connect(driver.host(), driver.port()));
    assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
    assertThat(e).hasMessageContaining("authentication");
    other.close();
    network.close();
  }
}
