package io.stagecoach.spark.exchange;

import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import scala.Option;

/** Endpoints on loopback; closing it checks that nothing is left open. */
final class Network implements AutoCloseable {

  /** Long enough that only a defect can pass it. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  final UUID run = UUID.randomUUID();
  final JobSecret secret = JobSecret.random();
  final RootAllocator allocator = new RootAllocator();
  private final SparkConf conf;
  private final Deque<Runnable> open = new ArrayDeque<>();

  Network(SparkConf conf) {
    this.conf = conf;
  }

  static Network plain() {
    return new Network(new SparkConf(false));
  }

  EndpointOptions options(String name) {
    SecurityManager security = new SecurityManager(conf, Option.empty(), noSecretFile());
    return EndpointOptions.of(conf, security, run, secret, name, "127.0.0.1", allocator)
        .withTimeouts(PATIENCE, Duration.ofSeconds(10));
  }

  private static ConfigEntry<Option<String>> noSecretFile() {
    return SecurityManager.$lessinit$greater$default$3();
  }

  Endpoint endpoint(String name, Receiver receiver) {
    return endpoint(options(name), receiver);
  }

  Endpoint endpoint(EndpointOptions options, Receiver receiver) {
    Endpoint endpoint = Endpoint.open(options, receiver);
    open.push(endpoint::close);
    return endpoint;
  }

  /** One exchange per stage in a chain, each on its own endpoint. */
  List<StreamingExchange> chain(int stages, ExchangeOptions options) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      endpoints.add(endpoint("executor-" + i, new Heard()));
    }
    List<StreamingExchange> exchanges = new ArrayList<>();
    for (int i = 0; i < stages; i++) {
      exchanges.add(exchange(endpoints, i, options));
    }
    return exchanges;
  }

  StreamingExchange exchange(List<Endpoint> endpoints, int stage, ExchangeOptions options) {
    Map<Integer, PeerAddress> neighbours = new HashMap<>();
    if (stage > 0) {
      neighbours.put(stage - 1, endpoints.get(stage - 1).address());
    }
    if (stage < endpoints.size() - 1) {
      neighbours.put(stage + 1, endpoints.get(stage + 1).address());
    }
    StreamingExchange exchange =
        StreamingExchange.open(endpoints.get(stage), stage, neighbours, options);
    open.push(exchange::close);
    return exchange;
  }

  /** Closes everything and expects all Arrow memory back. */
  @Override
  public void close() {
    open.forEach(Runnable::run);
    allocator.close();
  }

  /** Keeps what a receiver hears. */
  static final class Heard implements Receiver {

    record Lost(Peer peer, StagecoachException why) {}

    private final BlockingQueue<Control> messages = new LinkedBlockingQueue<>();
    private final BlockingQueue<Peer> senders = new LinkedBlockingQueue<>();
    private final BlockingQueue<Lost> losses = new LinkedBlockingQueue<>();

    @Override
    public void message(Peer from, Control message) {
      senders.add(from);
      messages.add(message);
    }

    @Override
    public void lost(Peer from, StagecoachException why) {
      losses.add(new Lost(from, why));
    }

    Control message() throws InterruptedException {
      return next(messages);
    }

    Peer sender() throws InterruptedException {
      return next(senders);
    }

    Lost loss() throws InterruptedException {
      return next(losses);
    }

    boolean heardNothing() {
      return messages.isEmpty() && losses.isEmpty();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
      T next = queue.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      if (next == null) {
        throw new AssertionError("nothing was heard");
      }
      return next;
    }
  }
}
