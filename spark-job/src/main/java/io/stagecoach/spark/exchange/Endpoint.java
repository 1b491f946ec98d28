package io.stagecoach.spark.exchange;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.TensorCodec;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;
import org.apache.spark.util.Utils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * A process's end of the run's network: one server and the connections, over Spark's own transport,
 * with Spark's authentication and encryption as the application's settings say, and the run's own
 * secret checked in any case. It carries control messages to a {@link Receiver}, and the lanes of
 * {@link StreamingExchange}.
 *
 * <p>It has one thread for the connections that others opened, one for those that it opened, and
 * one that accepts; all are daemons.
 */
public final class Endpoint implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Endpoint.class);
  private static final String MODULE = "stagecoach";

  /**
   * What is read from a socket at once. With Netty's 64 KiB a hop of that size needs a second read:
   * 100 to 120 us against 80 to 90 us; larger hops showed no difference.
   */
  private static final int MAX_READ_BYTES = 512 << 10;

  private static final int FIRST_READ_BYTES = 64 << 10;

  private final EndpointOptions options;
  private final Receiver receiver;
  private final TensorCodec codec;
  private final RefusalLog refusals = new RefusalLog();
  private final Strangers strangers = new Strangers();
  private final LaneBoard board = new LaneBoard();
  private final Set<Link> links = ConcurrentHashMap.newKeySet();
  private final Set<EventLoopGroup> loops = ConcurrentHashMap.newKeySet();
  private final LinkHandler handler = new LinkHandler(this::newLink);
  private final TransportContext context;
  private final TransportClientFactory clients;
  private final TransportServer server;
  private volatile boolean closed;

  private Endpoint(EndpointOptions options, Receiver receiver) {
    this.options = options;
    this.receiver = receiver;
    this.context = new TransportContext(transportConf(options), handler);
    this.codec =
        new TensorCodec(
            options.allocator(), "messages of " + options.name(), options.maxMessageBytes());
    try {
      this.server = listen();
    } catch (RuntimeException | Error e) {
      codec.close();
      context.close();
      throw e;
    }
    this.clients = context.createClientFactory(clientBootstraps());
  }

  /**
   * Listens.
   *
   * @throws StagecoachException CLUSTER if no port is free, or the address is not this machine's
   */
  public static Endpoint open(EndpointOptions options, Receiver receiver) {
    return new Endpoint(options, receiver);
  }

  /** The address that others are told. */
  public String host() {
    return options.host();
  }

  /** The port it listens on. */
  public int port() {
    return server.getPort();
  }

  /** This endpoint's name, host and port. */
  public PeerAddress address() {
    return new PeerAddress(options.name(), host(), port());
  }

  /** What was refused so far, and how often. */
  public RefusalCounts refusals() {
    return refusals.counts();
  }

  /**
   * Connects, proves to the other process that this one knows the run's secret, and checks that the
   * other one does.
   *
   * @throws StagecoachException PEER if it cannot be reached or does not belong to the run,
   *     DEADLINE if it does not answer
   */
  public Peer connect(String host, int port) {
    return connectLink(host, port);
  }

  Link connectLink(String host, int port) {
    if (closed) {
      throw new StagecoachException(ErrorKind.INTERNAL, "The endpoint is closed", "");
    }
    String where = host + ":" + port;
    TransportClient client = connectClient(host, port, where);
    CompletableFuture<Void> introduced = new CompletableFuture<>();
    client.getChannel().eventLoop().execute(() -> introduce(client, introduced));
    try {
      introduced.get(options.connectTimeout().toNanos(), TimeUnit.NANOSECONDS);
      return handler.link(client);
    } catch (TimeoutException e) {
      client.close();
      throw unreachable(
          ErrorKind.DEADLINE, where + " did not answer within " + options.connectTimeout(), e);
    } catch (ExecutionException e) {
      client.close();
      throw unreachable(
          ErrorKind.PEER,
          where + " is not a process of this run, or does not take this one for one",
          e.getCause());
    } catch (InterruptedException e) {
      client.close();
      throw interrupted(where, e);
    }
  }

  private void introduce(TransportClient client, CompletableFuture<Void> introduced) {
    var unused =
        handler
            .link(client)
            .introduce()
            .whenComplete(
                (done, failure) -> {
                  if (failure == null) {
                    introduced.complete(null);
                  } else {
                    introduced.completeExceptionally(failure);
                  }
                });
  }

  private TransportClient connectClient(String host, int port, String where) {
    try {
      return clients.createUnmanagedClient(host, port);
    } catch (IOException e) {
      throw unreachable(ErrorKind.PEER, where + " cannot be reached", e);
    } catch (InterruptedException e) {
      throw interrupted(where, e);
    } catch (RuntimeException e) {
      throw unreachable(ErrorKind.PEER, "Spark's authentication with " + where + " failed", e);
    }
  }

  private static StagecoachException unreachable(ErrorKind kind, String what, Throwable cause) {
    return new StagecoachException(
        kind,
        what,
        Where.nowhere(),
        "Check that the process runs, that no firewall is between, and that all processes have the"
            + " same settings of authentication and encryption",
        cause);
  }

  private static StagecoachException interrupted(String where, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new StagecoachException(
        ErrorKind.INTERRUPTED, "Interrupted while connecting to " + where, Where.nowhere(), "", e);
  }

  private TransportServer listen() {
    List<TransportServerBootstrap> bootstraps = new ArrayList<>();
    bootstraps.add(
        (channel, next) -> {
          tune(channel);
          AdmissionGuard.installCalled(channel, refusals, strangers);
          return next;
        });
    SecurityManager security = options.security();
    if (security.isAuthenticationEnabled()) {
      bootstraps.add(new AuthServerBootstrap(context.getConf(), security));
    }
    int tries = options.port() == 0 ? 1 : 1 + context.getConf().portMaxRetries();
    for (int i = 0; ; i++) {
      try {
        return context.createServer(options.bindHost(), options.port() + i, bootstraps);
      } catch (Exception e) {
        // Netty throws what the system said, checked or not, without declaring it.
        if (!Utils.isBindCollision(e) || i + 1 >= tries || options.port() + i + 1 > 65535) {
          throw cannotListen(e, tries);
        }
      }
    }
  }

  private StagecoachException cannotListen(Exception e, int tries) {
    return new StagecoachException(
        ErrorKind.CLUSTER,
        "Cannot listen on "
            + options.bindHost()
            + ", "
            + (options.port() == 0
                ? "any port"
                : "ports " + options.port() + " to " + (options.port() + tries - 1))
            + ": "
            + e.getMessage(),
        Where.nowhere(),
        "Use another port or none, or check the address that Spark gives this process",
        e);
  }

  private List<TransportClientBootstrap> clientBootstraps() {
    List<TransportClientBootstrap> bootstraps = new ArrayList<>();
    bootstraps.add((client, channel) -> tune(channel));
    SecurityManager security = options.security();
    if (security.isAuthenticationEnabled()) {
      bootstraps.add(new AuthClientBootstrap(context.getConf(), security.getSaslUser(), security));
    }
    return bootstraps;
  }

  private static void tune(Channel channel) {
    channel
        .config()
        .setRecvByteBufAllocator(
            new AdaptiveRecvByteBufAllocator(1 << 10, FIRST_READ_BYTES, MAX_READ_BYTES));
  }

  private static TransportConf transportConf(EndpointOptions options) {
    SparkConf conf = options.conf().clone();
    long seconds = Math.max(1, options.connectTimeout().toSeconds());
    conf.setIfMissing("spark." + MODULE + ".io.connectionCreationTimeout", seconds + "s");
    return SparkTransportConf.fromSparkConf(conf, MODULE, 1, Option.empty());
  }

  private Link newLink(TransportClient client) {
    Link link = new Link(client, new Owner());
    Channel channel = client.getChannel();
    loops.add(channel.eventLoop().parent());
    if (channel.parent() != null) {
      loops.add(channel.parent().eventLoop().parent());
    }
    links.add(link);
    if (closed) {
      var unused = channel.close();
    }
    return link;
  }

  // ---- For exchanges

  void attach(LaneKey key, LaneAcceptor acceptor) {
    board.attach(key, acceptor);
  }

  void detach(LaneKey key) {
    board.detach(key);
  }

  EndpointOptions options() {
    return options;
  }

  /** A hop of an earlier step or attempt came, and was dropped. */
  void droppedStale() {
    refusals.count(Refusal.STALE);
  }

  /** How many lines the refusals have in the log. */
  int loggedRefusals() {
    return refusals.lines();
  }

  /** The connections that are open now. */
  Set<Link> links() {
    return Set.copyOf(links);
  }

  /**
   * Waits until all that was sent is out, and ends connections whose peers do not take it. For
   * whoever is about to give back memory that messages were sent from.
   *
   * @param patience how long a peer is waited for
   */
  public void settle(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    links().forEach(link -> link.settle(end));
  }

  /**
   * Says goodbye to all peers, waits for what is under way, and ends threads and connections.
   *
   * @throws StagecoachException INTERNAL if tensors of a message are still open
   */
  @Override
  public void close() {
    closeWithin(options.closeTimeout());
  }

  /** Closes, and waits no longer than this for what is under way. */
  public void closeWithin(Duration patience) {
    if (closed) {
      return;
    }
    closed = true;
    List<Link> open = List.copyOf(links);
    open.forEach(Link::startClose);
    long deadline = System.nanoTime() + patience.toNanos();
    for (Link link : open) {
      link.awaitEnded(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
    }
    // Spark ends its threads after two idle seconds; those that we know of we end now.
    for (EventLoopGroup loop : loops) {
      var unused = loop.shutdownGracefully(0, patience.toMillis(), TimeUnit.MILLISECONDS);
    }
    loops.forEach(loop -> loop.terminationFuture().awaitUninterruptibly(patience.toMillis()));
    server.close();
    clients.close();
    context.close();
    open.forEach(Link::endUnsent);
    if (!refusals().isEmpty()) {
      LOG.warn("{} refused of what came over the network: {}", options.name(), refusals());
    }
    codec.close();
  }

  private final class Owner implements LinkOwner {

    @Override
    public EndpointOptions options() {
      return options;
    }

    @Override
    public TensorCodec codec() {
      return codec;
    }

    @Override
    public RefusalLog refusals() {
      return refusals;
    }

    @Override
    public void message(Link from, Control message) {
      receiver.message(from, message);
    }

    @Override
    public void opened(Link link, Frame.Lane lane) {
      board.opened(link, lane);
    }

    @Override
    public void ended(Link link, StagecoachException why) {
      links.remove(link);
      board.forget(link);
      if (why != null) {
        receiver.lost(link, why);
      }
    }
  }
}
