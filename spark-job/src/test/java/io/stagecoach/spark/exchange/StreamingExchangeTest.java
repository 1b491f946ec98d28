package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.Hop;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class StreamingExchangeTest {

  private static final Duration SHORT = Duration.ofMillis(50);

  private final Network network = Network.plain();

  @AfterEach
  void nothingIsLeftOpen() {
    network.close();
  }

  private static ExchangeOptions options() {
    return ExchangeOptions.of(0, Network.PATIENCE);
  }

  private static Hop activations(long step, int microBatch, int from) {
    return new Hop(step, 0, Hop.Kind.ACTIVATIONS, microBatch, from, from + 1);
  }

  private static Hop gradients(long step, int microBatch, int from) {
    return new Hop(step, 0, Hop.Kind.GRADIENTS, microBatch, from, from - 1);
  }

  private static Tensors value(double value) {
    return Tensors.of("x", Nd4j.scalar(value));
  }

  private static double value(Tensors tensors) {
    try (tensors) {
      return tensors.get("x").getDouble(0);
    }
  }

  @Test
  void randomTensorsArriveAsTheyWereSent() {
    List<StreamingExchange> stages = network.chain(2, options());
    Random random = new Random(7);
    for (int i = 0; i < 60; i++) {
      Map<String, INDArray> sent = new LinkedHashMap<>();
      int count = random.nextInt(4);
      for (int t = 0; t < count; t++) {
        DataType type = random.nextBoolean() ? DataType.FLOAT : DataType.DOUBLE;
        long[] shape = random.ints(1 + random.nextInt(3), 1, 60).asLongStream().toArray();
        sent.put("tensor " + t, Nd4j.rand(type, shape).dup(random.nextBoolean() ? 'c' : 'f'));
      }
      Map<String, INDArray> copies = new LinkedHashMap<>();
      sent.forEach((name, array) -> copies.put(name, array.dup(array.ordering())));
      stages.get(0).send(activations(0, i, 0), Tensors.of(sent));
      try (Tensors received = stages.get(1).receive(activations(0, i, 0))) {
        assertThat(new ArrayList<>(received.names())).isEqualTo(new ArrayList<>(copies.keySet()));
        copies.forEach(
            (name, copy) -> {
              assertThat(received.get(name)).isEqualTo(copy);
              assertThat(received.get(name).ordering()).isEqualTo(copy.ordering());
              assertThat(received.get(name).dataType()).isEqualTo(copy.dataType());
            });
      }
      copies.values().forEach(INDArray::close);
    }
  }

  /** Stages 0 and 2 on one executor, 1 and 3 on the other, with the least credit. */
  @Test
  void stagesOfOneExecutorShareAnExchange() throws Exception {
    Endpoint even = network.endpoint("even", new Network.Heard());
    Endpoint odd = network.endpoint("odd", new Network.Heard());
    Map<Integer, PeerAddress> toOdd = Map.of(1, odd.address());
    Map<Integer, PeerAddress> toEven = Map.of(0, even.address(), 2, even.address());
    ExchangeOptions one = new ExchangeOptions(0, 1, options().hopTimeout());
    try (StreamingExchange first =
            StreamingExchange.open(
                even, Map.of(0, toOdd, 2, Map.of(1, odd.address(), 3, odd.address())), one);
        StreamingExchange second =
            StreamingExchange.open(odd, Map.of(1, toEven, 3, Map.of(2, even.address())), one)) {
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(
              () -> {
                for (int m = 0; m < 5; m++) {
                  second.receive(activations(0, m, 0)).close();
                  second.send(activations(0, m, 1), value(m));
                }
                for (int m = 0; m < 5; m++) {
                  assertThat(value(second.receive(activations(0, m, 2)))).isEqualTo(10 + m);
                }
              });
      for (int m = 0; m < 5; m++) {
        first.send(activations(0, m, 0), value(m));
      }
      for (int m = 0; m < 5; m++) {
        assertThat(value(first.receive(activations(0, m, 1)))).isEqualTo(m);
        first.send(activations(0, m, 2), value(10 + m));
      }
      other.get(60, TimeUnit.SECONDS);
      assertThat(first.drainTraffic(0).hopsSent()).isEqualTo(5);
      assertThat(first.drainTraffic(2).hopsSent()).isEqualTo(5);
      assertThat(second.drainTraffic(3).hopsReceived()).isEqualTo(5);
    }
  }

  @Test
  void aLargeHopArrivesWhole() {
    List<StreamingExchange> stages = network.chain(2, options());
    INDArray array = Nd4j.rand(DataType.FLOAT, 4_000_003);
    INDArray copy = array.dup();
    stages.get(1).send(gradients(3, 0, 1), Tensors.of("g", array));
    try (Tensors received = stages.get(0).receive(gradients(3, 0, 1))) {
      assertThat(received.get("g")).isEqualTo(copy);
    }
    Traffic sent = stages.get(1).drainTraffic(1);
    Traffic got = stages.get(0).drainTraffic(0);
    assertThat(sent.hopsSent()).isEqualTo(1);
    assertThat(got.hopsReceived()).isEqualTo(1);
    assertThat(sent.bytesSent()).isEqualTo(got.bytesReceived()).isGreaterThan(16_000_012);
    assertThat(stages.get(0).drainTraffic(0)).isEqualTo(Traffic.none());
  }

  @Test
  void halvesArriveByBothExchangesAlikeAndAreCounted() {
    ExchangeOptions halves = new ExchangeOptions(0, 4, Network.PATIENCE, WireType.FLOAT16);
    List<StreamingExchange> stages = network.chain(2, halves);
    INDArray array = Nd4j.rand(DataType.FLOAT, 100, 50).subi(0.5);
    array.putScalar(7, Float.NaN).putScalar(8, 1e-20f);
    Hop hop = gradients(3, 0, 1);
    try (BufferAllocator memory = new RootAllocator();
        ShuffleHops shuffled = new ShuffleHops(memory, 1 << 20, WireType.FLOAT16)) {
      shuffled.send(hop, Tensors.of("g", array.dup()));
      ShuffledHop.Outgoing outgoing = shuffled.takeOutgoing().get(0);
      ReceiveBuffer buffer = ReceiveBuffer.allocate(outgoing.tensors().length());
      long at = 0;
      for (ByteBuffer part : outgoing.tensors().parts()) {
        buffer.put(at, part);
        at += part.remaining();
      }
      outgoing.close();
      shuffled.arrived(new ShuffledHop.Incoming(hop, buffer));
      stages.get(1).send(hop, Tensors.of("g", array));
      try (Tensors received = stages.get(0).receive(hop);
          Tensors byShuffle = shuffled.receive(hop)) {
        assertThat(
                Arrays.deepEquals(
                    received.get("g").toFloatMatrix(), byShuffle.get("g").toFloatMatrix()))
            .isTrue();
        assertThat(received.get("g").getFloat(7)).isNaN();
        assertThat(received.get("g").getFloat(8)).isZero();
      }
      Traffic sent = stages.get(1).drainTraffic(1);
      assertThat(sent.narrowing()).isEqualTo(new Narrowing(5000, 1, 0, 1));
      assertThat(sent.bytesSent()).isBetween(10_000L, 12_000L);
      assertThat(shuffled.drainTraffic(1).narrowing()).isEqualTo(sent.narrowing());
      assertThat(stages.get(0).drainTraffic(0).narrowing()).isEqualTo(Narrowing.none());
    }
  }

  /** Both have read it from the driver's assignment; a stage that has not is told. */
  @Test
  void neighboursMustHaveTheSameWireType() {
    List<Endpoint> endpoints =
        List.of(
            network.endpoint("first", new Network.Heard()),
            network.endpoint("second", new Network.Heard()));
    StreamingExchange narrow =
        network.exchange(
            endpoints, 0, new ExchangeOptions(0, 4, Network.PATIENCE, WireType.FLOAT16));
    StreamingExchange wide = network.exchange(endpoints, 1, options());
    wide.send(gradients(3, 0, 1), Tensors.of("g", Nd4j.ones(DataType.FLOAT, 4)));
    assertThatThrownBy(() -> narrow.receive(gradients(3, 0, 1)))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.PEER))
        .hasMessageContaining("FLOAT32");
  }

  @Test
  void hopsAreTakenInAnyOrder() {
    List<StreamingExchange> stages = network.chain(2, options());
    for (int i = 0; i < 10; i++) {
      stages.get(0).send(activations(0, i, 0), value(i));
    }
    for (int i = 9; i >= 0; i--) {
      assertThat(value(stages.get(1).receive(activations(0, i, 0)))).isEqualTo(i);
    }
  }

  /**
   * A whole step of GPipe or 1F1B with one thread per stage; the result shows every hop's value.
   */
  @ParameterizedTest
  @CsvSource({"2,8,16", "3,64,16", "3,64,1", "3,7,2", "4,16,1"})
  void schedulesRunThroughWhateverTheCredit(int stages, int microBatches, int credit)
      throws Exception {
    List<StreamingExchange> chain =
        network.chain(stages, new ExchangeOptions(0, credit, Network.PATIENCE));
    for (int step = 0; step < 2; step++) {
      int warmUp = step == 0 ? microBatches : 1;
      List<Future<Double>> sums = new ArrayList<>();
      for (int stage = 0; stage < stages; stage++) {
        int index = stage;
        long now = step;
        sums.add(async(() -> runStage(chain.get(index), index, stages, now, microBatches, warmUp)));
      }
      for (int stage = 0; stage < stages; stage++) {
        double expected = stage == stages - 1 ? 0 : 0.5 * microBatches * (microBatches - 1);
        assertThat(sums.get(stage).get(60, TimeUnit.SECONDS)).isEqualTo(expected);
      }
    }
  }

  /** Forwards ahead by the warm-up, then one backward after each forward; sums the gradients. */
  private static double runStage(
      StreamingExchange exchange, int stage, int stages, long step, int microBatches, int warmUp) {
    double sum = 0;
    int ahead = Math.min(microBatches, warmUp + stages - 1 - stage);
    for (int i = 0; i < microBatches + ahead; i++) {
      if (i < microBatches) {
        double input = stage == 0 ? i : value(exchange.receive(activations(step, i, stage - 1)));
        if (stage < stages - 1) {
          exchange.send(activations(step, i, stage), value(input));
        }
      }
      if (i >= ahead) {
        int m = i - ahead;
        double gradient = m;
        if (stage < stages - 1) {
          gradient = value(exchange.receive(gradients(step, m, stage + 1)));
          sum += gradient;
        }
        if (stage > 0) {
          exchange.send(gradients(step, m, stage), value(gradient));
        }
      }
    }
    return sum;
  }

  /** Both would wait for the other for ever if a waiting stage kept its neighbours back. */
  @Test
  void bothNeighboursMaySendAtOnce() throws Exception {
    List<StreamingExchange> stages = network.chain(2, new ExchangeOptions(0, 1, Network.PATIENCE));
    Future<Double> down =
        async(
            () -> {
              for (int i = 0; i < 100; i++) {
                stages.get(0).send(activations(0, i, 0), value(i));
              }
              return sum(stages.get(0), 100, i -> gradients(0, i, 1));
            });
    Future<Double> up =
        async(
            () -> {
              for (int i = 0; i < 100; i++) {
                stages.get(1).send(gradients(0, i, 1), value(i));
              }
              return sum(stages.get(1), 100, i -> activations(0, i, 0));
            });
    assertThat(down.get(60, TimeUnit.SECONDS)).isEqualTo(4950);
    assertThat(up.get(60, TimeUnit.SECONDS)).isEqualTo(4950);
  }

  private static double sum(
      StreamingExchange exchange, int count, java.util.function.IntFunction<Hop> hop) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += value(exchange.receive(hop.apply(i)));
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void aStageThatComputesHoldsItsNeighbourBack(int credit) throws Exception {
    List<StreamingExchange> stages =
        network.chain(2, new ExchangeOptions(0, credit, Network.PATIENCE));
    AtomicInteger sent = new AtomicInteger();
    Future<Double> sender =
        async(
            () -> {
              for (int i = 0; i < 3 * credit + 1; i++) {
                stages.get(0).send(activations(0, i, 0), value(i));
                sent.incrementAndGet();
              }
              return 0.0;
            });
    await(() -> sent.get() == credit);
    assertThatThrownBy(() -> sender.get(100, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    assertThat(sent).hasValue(credit);

    for (int i = 0; i < 3 * credit + 1; i++) {
      assertThat(value(stages.get(1).receive(activations(0, i, 0)))).isEqualTo(i);
    }
    sender.get(30, TimeUnit.SECONDS);
  }

  @Test
  void aHopThatDoesNotComeIsADeadlineError() {
    List<StreamingExchange> stages = network.chain(2, new ExchangeOptions(0, 4, SHORT));
    StagecoachException e =
        catchThrowableOfType(
            StagecoachException.class, () -> stages.get(1).receive(activations(5, 3, 0)));
    assertThat(e.kind()).isEqualTo(ErrorKind.DEADLINE);
    assertThat(e.where().stage()).isEqualTo(1);
    assertThat(e.where().step()).isEqualTo(5);
    assertThat(e.where().microBatch()).isEqualTo(3);
    assertThat(e).hasMessageContainingAll("activations", "stage 0", "executor-0", "0.05 s");
  }

  @Test
  void creditThatDoesNotComeIsADeadlineError() {
    List<StreamingExchange> stages = network.chain(2, new ExchangeOptions(0, 2, SHORT));
    stages.get(0).send(activations(0, 0, 0), value(0));
    stages.get(0).send(activations(0, 1, 0), value(1));
    INDArray array = Nd4j.scalar(2.0);
    StagecoachException e =
        catchThrowableOfType(
            StagecoachException.class,
            () -> stages.get(0).send(activations(0, 2, 0), Tensors.of("x", array)));
    assertThat(e.kind()).isEqualTo(ErrorKind.DEADLINE);
    assertThat(e).hasMessageContainingAll("Stage 1", "executor-1", "micro-batch 2");
    assertThat(array.wasClosed()).isTrue();
  }

  @Test
  void aLostNeighbourEndsTheWaitWithTheFirstCause() throws Exception {
    List<Endpoint> endpoints =
        List.of(
            network.endpoint("executor-0", new Network.Heard()),
            network.endpoint("executor-1", new Network.Heard()));
    StreamingExchange left = network.exchange(endpoints, 0, options());
    StreamingExchange right = network.exchange(endpoints, 1, options());
    right.send(gradients(0, 0, 1), value(1));
    assertThat(value(left.receive(gradients(0, 0, 1)))).isEqualTo(1);
    Future<Double> waiting = async(() -> value(left.receive(gradients(0, 1, 1))));
    Breaking.abruptly(endpoints.get(1));
    StagecoachException e = failure(waiting);
    assertThat(e.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
    assertThat(e).hasMessageContaining("executor-1");
    assertThatThrownBy(() -> left.send(activations(0, 2, 0), value(2)))
        .isInstanceOfSatisfying(
            StagecoachException.class, again -> assertThat(again.what()).isEqualTo(e.what()));
  }

  @Test
  void whatANeighbourSentBeforeItLeftCanStillBeTaken() {
    List<StreamingExchange> stages = network.chain(2, options());
    stages.get(0).send(activations(0, 0, 0), value(42));
    stages.get(0).close();
    assertThat(value(stages.get(1).receive(activations(0, 0, 0)))).isEqualTo(42);
    StagecoachException e =
        catchThrowableOfType(
            StagecoachException.class, () -> stages.get(1).receive(activations(0, 1, 0)));
    assertThat(e.kind()).isEqualTo(ErrorKind.PEER);
    assertThat(e).hasMessageContaining("executor-0");
  }

  @Test
  void anAbandonedAttemptIsNeverTakenForTheNext() {
    List<StreamingExchange> stages = network.chain(2, new ExchangeOptions(0, 4, Network.PATIENCE));
    Hop first = new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    Hop again = new Hop(0, 1, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    stages.get(0).send(first, value(1));
    stages.get(0).send(activations(0, 1, 0), value(1));
    stages.get(0).send(again, value(2));
    assertThat(value(stages.get(1).receive(again))).isEqualTo(2);
    assertThat(stages.get(1).droppedHops()).isEqualTo(2);
    // The dropped ones count as taken: their credit has come back.
    for (int i = 0; i < 8; i++) {
      Hop hop = new Hop(1, 0, Hop.Kind.ACTIVATIONS, i, 0, 1);
      stages.get(0).send(hop, value(i));
      assertThat(value(stages.get(1).receive(hop))).isEqualTo(i);
    }
    assertThatThrownBy(() -> stages.get(1).receive(again))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.INTERNAL));
  }

  @Test
  void lateHopsOfAnAbandonedAttemptAreDroppedAsTheyCome() {
    List<StreamingExchange> stages = network.chain(2, options());
    // Stage 1 is in the second attempt already, and waits there for its hop.
    Hop again = new Hop(0, 1, Hop.Kind.ACTIVATIONS, 0, 0, 1);
    Future<Double> waiting = async(() -> value(stages.get(1).receive(again)));
    stages.get(1).drainTraffic(1);
    await(() -> stages.get(1).isWaiting());
    stages.get(0).send(new Hop(0, 0, Hop.Kind.ACTIVATIONS, 0, 0, 1), value(1));
    stages.get(0).send(again, value(2));
    assertThat(waiting).succeedsWithin(Network.PATIENCE).isEqualTo(2.0);
    assertThat(stages.get(1).droppedHops()).isEqualTo(1);
  }

  @Test
  void aNewCutUsesTheSameEndpoints() {
    List<Endpoint> endpoints =
        List.of(
            network.endpoint("executor-0", new Network.Heard()),
            network.endpoint("executor-1", new Network.Heard()));
    for (int epoch = 0; epoch < 3; epoch++) {
      ExchangeOptions options = ExchangeOptions.of(epoch, Network.PATIENCE);
      try (StreamingExchange left = network.exchange(endpoints, 0, options);
          StreamingExchange right = network.exchange(endpoints, 1, options)) {
        left.send(activations(0, 0, 0), value(epoch));
        assertThat(value(right.receive(activations(0, 0, 0)))).isEqualTo(epoch);
      }
    }
  }

  @Test
  void anotherProcessAtANeighboursAddressIsRefused() {
    Endpoint own = network.endpoint("executor-0", new Network.Heard());
    Endpoint other = network.endpoint("executor-9", new Network.Heard());
    PeerAddress wrong = new PeerAddress("executor-1", other.host(), other.port());
    assertThatThrownBy(() -> StreamingExchange.open(own, 0, Map.of(1, wrong), options()))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContainingAll("executor-1", "executor-9");
  }

  private static StagecoachException failure(Future<?> future) throws Exception {
    try {
      future.get(30, TimeUnit.SECONDS);
      throw new AssertionError("it did not fail");
    } catch (ExecutionException e) {
      return (StagecoachException) e.getCause();
    }
  }

  private interface Work {
    double run();
  }

  private static CompletableFuture<Double> async(Work work) {
    CompletableFuture<Double> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(work.run());
              } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
              }
            },
            "stage");
    thread.setDaemon(true);
    thread.start();
    return result;
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Network.PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("it did not happen");
      }
      Thread.onSpinWait();
    }
  }
}
