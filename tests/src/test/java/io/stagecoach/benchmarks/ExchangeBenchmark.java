package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.exchange.Control;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.EndpointOptions;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.spark.exchange.JobSecret;
import io.stagecoach.spark.exchange.Peer;
import io.stagecoach.spark.exchange.PeerAddress;
import io.stagecoach.spark.exchange.Receiver;
import io.stagecoach.spark.exchange.StreamingExchange;
import io.stagecoach.stage.Hop;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Tensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import scala.Option;

/**
 * Time and rate of hops between two processes on one machine, beside a bare loop over the same
 * transport: one-way messages of the same bytes, copied once where they arrive, without codec,
 * credit and tensors. A hop's time is half of a round trip; of it, "send" is the time in the call,
 * and "recv" from a hop's first byte to its tensors. The rounds of both alternate, so that what
 * else the machine does meets both.
 *
 * <p>Run with the class path of module {@code tests} and the {@code --add-opens} of the parent POM;
 * the argument is the JSON file to write.
 */
public final class ExchangeBenchmark {

  private static final int[] BYTES = {4 << 10, 64 << 10, 1 << 20, 16 << 20};
  private static final int[] ROUND_TRIPS = {2000, 2000, 300, 60};
  private static final int ROUNDS = 5;

  /** Of bytes that a rate is measured over. */
  private static final long STREAMED_BYTES = 512L << 20;

  private static final int MAX_STREAMED = 4000;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final int stage;
  private final Endpoint endpoint;
  private final Bare bare;
  private StreamingExchange exchange;
  private TransportClient bareClient;

  private ExchangeBenchmark(int stage, UUID run, JobSecret secret) {
    this.stage = stage;
    SparkConf conf = new SparkConf(false);
    SecurityManager security =
        new SecurityManager(conf, Option.empty(), SecurityManager.$lessinit$greater$default$3());
    EndpointOptions options =
        EndpointOptions.of(
            conf, security, run, secret, name(stage), "127.0.0.1", new RootAllocator());
    this.endpoint = Endpoint.open(options, new Silent());
    this.bare = new Bare();
  }

  private static String name(int stage) {
    return "process-" + stage;
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0 && arguments[0].equals("other")) {
      other(UUID.fromString(arguments[1]), Integer.parseInt(arguments[2]), System.getenv("SECRET"));
    } else {
      Path out = Path.of(arguments.length > 0 ? arguments[0] : "target/benchmarks/exchange.json");
      List<Map<String, Object>> rows = measure();
      Files.createDirectories(out.toAbsolutePath().getParent());
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(
              out.toFile(),
              Map.of("cores", Runtime.getRuntime().availableProcessors(), "rows", rows));
    }
    System.exit(0);
  }

  private static void other(UUID run, int port, String secret) throws Exception {
    ExchangeBenchmark side = new ExchangeBenchmark(1, run, JobSecret.parse(secret));
    System.out.println("PORTS " + side.endpoint.port() + " " + side.bare.port());
    int barePort = Integer.parseInt(readLine());
    side.connect(new PeerAddress(name(0), "127.0.0.1", port), barePort);
    for (int round = 0; round < ROUNDS; round++) {
      for (int size = 0; size < BYTES.length; size++) {
        side.answerHops(round * BYTES.length + size, ROUND_TRIPS[size], streamed(size));
        side.answerBare(ROUND_TRIPS[size], streamed(size), BYTES[size]);
      }
    }
    side.close();
  }

  private static String readLine() throws IOException {
    return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
  }

  private static List<Map<String, Object>> measure() throws Exception {
    UUID run = UUID.randomUUID();
    JobSecret secret = JobSecret.random();
    ExchangeBenchmark side = new ExchangeBenchmark(0, run, secret);
    Process other = start(run, side.endpoint.port(), secret);
    try (BufferedReader said = other.inputReader(StandardCharsets.UTF_8)) {
      String line = said.readLine();
      while (line != null && !line.startsWith("PORTS ")) {
        line = said.readLine();
      }
      if (line == null) {
        throw new IOException("the other process did not start");
      }
      String[] ports = line.split(" ", -1);
      other.outputWriter(StandardCharsets.UTF_8).append(side.bare.port() + "\n").flush();
      side.connect(
          new PeerAddress(name(1), "127.0.0.1", Integer.parseInt(ports[1])),
          Integer.parseInt(ports[2]));
      List<Map<String, Object>> rows = side.rounds();
      side.close();
      return rows;
    } finally {
      other.destroyForcibly();
    }
  }

  private static Process start(UUID run, int port, JobSecret secret) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(ExchangeBenchmark.class.getName(), "other", run.toString(), String.valueOf(port)));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("SECRET", secret.reveal());
    return builder.start();
  }

  private void connect(PeerAddress neighbour, int barePort) throws Exception {
    exchange =
        StreamingExchange.open(
            endpoint, stage, Map.of(1 - stage, neighbour), ExchangeOptions.of(0, PATIENCE));
    bareClient = bare.connect(barePort);
  }

  private void close() {
    exchange.close();
    endpoint.close();
    bare.close();
  }

  private static int streamed(int size) {
    return (int) Math.min(MAX_STREAMED, STREAMED_BYTES / BYTES[size]);
  }

  private static Hop there(long step, int microBatch) {
    return new Hop(step, 0, Hop.Kind.ACTIVATIONS, microBatch, 0, 1);
  }

  private static Hop back(long step, int microBatch) {
    return new Hop(step, 0, Hop.Kind.GRADIENTS, microBatch, 1, 0);
  }

  // ---- The side that measures

  private List<Map<String, Object>> rounds() throws Exception {
    Samples[] hops = new Samples[BYTES.length];
    Samples[] bares = new Samples[BYTES.length];
    for (int size = 0; size < BYTES.length; size++) {
      hops[size] = new Samples();
      bares[size] = new Samples();
    }
    for (int round = 0; round < ROUNDS; round++) {
      for (int size = 0; size < BYTES.length; size++) {
        // The first round warms up.
        Samples hop = round == 0 ? new Samples() : hops[size];
        Samples bare = round == 0 ? new Samples() : bares[size];
        measureHops(round * BYTES.length + size, size, hop);
        measureBare(size, bare);
      }
    }
    System.out.printf(
        "%10s | %10s %10s %8s | %10s %10s %8s | %8s | %8s %8s%n",
        "bytes",
        "hop p50 us",
        "p95 us",
        "GB/s",
        "bare p50",
        "p95 us",
        "GB/s",
        "hop/bare",
        "send us",
        "recv us");
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int size = 0; size < BYTES.length; size++) {
      System.out.printf(
          "%10d | %10.1f %10.1f %8.2f | %10.1f %10.1f %8.2f | %8.2f | %8.1f %8.1f%n",
          BYTES[size],
          hops[size].micros(0.5),
          hops[size].micros(0.95),
          hops[size].rate(),
          bares[size].micros(0.5),
          bares[size].micros(0.95),
          bares[size].rate(),
          hops[size].micros(0.5) / bares[size].micros(0.5),
          Samples.median(hops[size].sendMicros),
          Samples.median(hops[size].receiveMicros));
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("bytes", BYTES[size]);
      row.put("hop", hops[size].asMap());
      row.put("bare", bares[size].asMap());
      rows.add(row);
    }
    return rows;
  }

  private void measureHops(long step, int size, Samples into) {
    INDArray array = Nd4j.rand(DataType.FLOAT, BYTES[size] / 4);
    exchange.drainTraffic(stage);
    int count = ROUND_TRIPS[size];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      exchange.send(there(step, i), borrowed(array));
      exchange.receive(back(step, i)).close();
      into.hopNanos.add((System.nanoTime() - start) / 2);
    }
    Traffic traffic = exchange.drainTraffic(stage);
    into.sendMicros.add(traffic.sendNanos() / 1e3 / traffic.hopsSent());
    into.receiveMicros.add(traffic.receiveNanos() / 1e3 / traffic.hopsReceived());
    int streamed = streamed(size);
    long start = System.nanoTime();
    for (int i = 0; i < streamed; i++) {
      exchange.send(there(step, count + i), borrowed(array));
    }
    exchange.receive(back(step, count)).close();
    into.bytesPerNano.add((double) BYTES[size] * streamed / (System.nanoTime() - start));
    array.close();
  }

  private static Tensors borrowed(INDArray array) {
    return Tensors.viewsOf(Map.of("x", array), () -> {});
  }

  private void measureBare(int size, Samples into) throws InterruptedException {
    ByteBuffer bytes = ByteBuffer.allocateDirect(BYTES[size]);
    int count = ROUND_TRIPS[size];
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      bareClient.send(bytes.duplicate());
      bare.take();
      into.hopNanos.add((System.nanoTime() - start) / 2);
    }
    int streamed = streamed(size);
    long start = System.nanoTime();
    for (int i = 0; i < streamed; i++) {
      bareClient.send(bytes.duplicate());
    }
    bare.take();
    into.bytesPerNano.add((double) BYTES[size] * streamed / (System.nanoTime() - start));
  }

  // ---- The side that answers

  private void answerHops(long step, int count, int streamed) {
    for (int i = 0; i < count; i++) {
      exchange.send(back(step, i), exchange.receive(there(step, i)));
    }
    for (int i = 0; i < streamed; i++) {
      exchange.receive(there(step, count + i)).close();
    }
    exchange.send(back(step, count), Tensors.none());
  }

  private void answerBare(int count, int streamed, int bytes) throws InterruptedException {
    ByteBuffer answer = ByteBuffer.allocateDirect(bytes);
    for (int i = 0; i < count; i++) {
      bare.take();
      bareClient.send(answer.duplicate());
    }
    for (int i = 0; i < streamed; i++) {
      bare.take();
    }
    bareClient.send(ByteBuffer.allocateDirect(1));
  }

  /** What was measured of one size. */
  private static final class Samples {
    final List<Long> hopNanos = new ArrayList<>();
    final List<Double> bytesPerNano = new ArrayList<>();
    final List<Double> sendMicros = new ArrayList<>();
    final List<Double> receiveMicros = new ArrayList<>();

    double micros(double quantile) {
      long[] sorted = hopNanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return sorted[(int) (quantile * (sorted.length - 1))] / 1e3;
    }

    /** The median of the rounds, in GB/s. */
    double rate() {
      return median(bytesPerNano);
    }

    static double median(List<Double> values) {
      double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
      Arrays.sort(sorted);
      return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
    }

    Map<String, Object> asMap() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("p50Micros", micros(0.5));
      map.put("p95Micros", micros(0.95));
      map.put("gigabytesPerSecond", rate());
      map.put("roundTrips", hopNanos.size());
      if (!sendMicros.isEmpty()) {
        map.put("sendMicros", median(sendMicros));
        map.put("receiveMicros", median(receiveMicros));
      }
      return map;
    }
  }

  /** Spark's transport and nothing else. */
  private static final class Bare extends RpcHandler {
    private final BlockingQueue<Integer> arrived = new LinkedBlockingQueue<>();
    private final StreamManager noStreams = new OneForOneStreamManager();
    private final ByteBuffer target = ByteBuffer.allocateDirect(BYTES[BYTES.length - 1]);
    private final TransportServer server;
    private final TransportClientFactory clients;

    Bare() {
      TransportConf conf =
          new TransportConf(
              "bare",
              new MapConfigProvider(
                  Map.of("spark.bare.io.serverThreads", "1", "spark.bare.io.clientThreads", "1")));
      TransportContext context = new TransportContext(conf, this);
      server = context.createServer("127.0.0.1", 0, List.of());
      clients = context.createClientFactory();
    }

    int port() {
      return server.getPort();
    }

    TransportClient connect(int port) throws IOException, InterruptedException {
      return clients.createClient("127.0.0.1", port);
    }

    void take() throws InterruptedException {
      arrived.take();
    }

    void close() {
      clients.close();
      server.close();
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
      int bytes = message.remaining();
      target.clear().put(message);
      arrived.add(bytes);
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
      throw new UnsupportedOperationException();
    }

    @Override
    public StreamManager getStreamManager() {
      return noStreams;
    }
  }

  private static final class Silent implements Receiver {
    @Override
    public void message(Peer from, Control message) {
      message.close();
    }

    @Override
    public void lost(Peer from, StagecoachException why) {
      // The exchange says it.
    }
  }
}
