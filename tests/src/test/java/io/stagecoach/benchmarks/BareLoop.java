package io.stagecoach.benchmarks;

import io.stagecoach.schedule.Action;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
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

/**
 * The messages of a step between a driver and two stages in processes of their own, in the order of
 * the same schedule, over Spark's transport and nothing else: no tensors, no compute, no credit.
 * What is left of a step when all that Stagecoach adds is taken away.
 */
final class BareLoop implements AutoCloseable {

  private static final int ORDER_BYTES = 1024;
  private static final String PORT = "PORT ";

  private final Hub hub = new Hub();
  private final List<Process> processes = new ArrayList<>();
  private final List<TransportClient> stages = new ArrayList<>();

  /**
   * Starts the stages.
   *
   * @param hopBytes the bytes of a hop
   */
  BareLoop(int microBatches, int hopBytes) throws IOException, InterruptedException {
    List<BufferedReader> said = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    for (int stage = 0; stage < ResidentPipeline.STAGES; stage++) {
      Process process =
          new ProcessBuilder(
                  JavaCommand.of(
                      BareLoop.class,
                      List.of("-Xmx256m"),
                      "" + stage,
                      "" + microBatches,
                      "" + hopBytes,
                      "" + hub.port()))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      processes.add(process);
      said.add(process.inputReader(StandardCharsets.UTF_8));
    }
    for (BufferedReader reader : said) {
      // The JVM itself may say something first.
      String line = reader.readLine();
      while (line != null && !line.startsWith(PORT)) {
        line = reader.readLine();
      }
      if (line == null) {
        throw new IOException("a stage of the bare loop ended");
      }
      ports.add(Integer.valueOf(line.substring(PORT.length())));
    }
    for (int stage = 0; stage < processes.size(); stage++) {
      processes
          .get(stage)
          .outputWriter(StandardCharsets.UTF_8)
          .append(ports.get(1 - stage) + "\n")
          .flush();
      stages.add(hub.connect(ports.get(stage)));
    }
    for (int stage = 0; stage < processes.size(); stage++) {
      hub.take();
    }
  }

  /** What each of so many steps took, in nanoseconds. */
  List<Long> steps(int count) throws InterruptedException {
    List<Long> nanos = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long start = System.nanoTime();
      for (TransportClient stage : stages) {
        stage.send(ByteBuffer.allocate(ORDER_BYTES));
      }
      for (int stage = 0; stage < stages.size(); stage++) {
        hub.take();
      }
      nanos.add(System.nanoTime() - start);
    }
    return nanos;
  }

  @Override
  public void close() {
    processes.forEach(Process::destroyForcibly);
    hub.close();
  }

  /** A stage: its index, the micro-batches, the bytes of a hop, the driver's port. */
  public static void main(String[] arguments) throws Exception {
    int stage = Integer.parseInt(arguments[0]);
    int hopBytes = Integer.parseInt(arguments[2]);
    List<Action> actions =
        ResidentPipeline.schedule(Integer.parseInt(arguments[1])).executors().get(stage);
    Hub orders = new Hub();
    Hub hops = new Hub();
    // Orders and hops come in at doors of their own, so that none is taken for the other.
    System.out.println(PORT + orders.port());
    int neighbour = Integer.parseInt(readLine());
    TransportClient driver = orders.connect(Integer.parseInt(arguments[3]));
    TransportClient beside = exchangePorts(orders, hops, neighbour);
    driver.send(ByteBuffer.allocate(ORDER_BYTES));
    while (true) {
      orders.take();
      for (Action action : actions) {
        if (action instanceof Action.SendActivations || action instanceof Action.SendGradients) {
          beside.send(ByteBuffer.allocate(hopBytes));
        } else if (!action.isCompute()) {
          hops.take();
        }
      }
      driver.send(ByteBuffer.allocate(ORDER_BYTES));
    }
  }

  private static TransportClient exchangePorts(Hub orders, Hub hops, int neighbour)
      throws IOException, InterruptedException {
    orders.connect(neighbour).send(ByteBuffer.allocate(Integer.BYTES).putInt(0, hops.port()));
    return hops.connect(orders.take().getInt(0));
  }

  private static String readLine() throws IOException {
    return new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
  }

  /** One end of the transport: what arrives is copied once and queued. */
  private static final class Hub extends RpcHandler {
    private final BlockingQueue<ByteBuffer> arrived = new LinkedBlockingQueue<>();
    private final StreamManager noStreams = new OneForOneStreamManager();
    private final TransportServer server;
    private final TransportClientFactory clients;

    Hub() {
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

    ByteBuffer take() throws InterruptedException {
      return arrived.take();
    }

    void close() {
      clients.close();
      server.close();
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
      arrived.add(ByteBuffer.allocate(message.remaining()).put(message).flip());
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
}
