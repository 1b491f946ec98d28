package io.stagecoach.spark.exchange;

import java.time.Duration;
import java.util.UUID;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * How a process opens its endpoint.
 *
 * @param conf Spark's settings: {@code spark.stagecoach.io.*} tune the transport as {@code
 *     spark.rpc.io.*} does Spark's own, and authentication and encryption are as {@code
 *     spark.authenticate} and {@code spark.network.crypto.*} say
 * @param security Spark's security manager, which knows the application's secret
 * @param runId the run: frames of another are refused
 * @param secret the run's secret
 * @param name this process's name, unique in the run
 * @param bindHost the address to listen on
 * @param host the address that others are told
 * @param port the first port to try, as Spark tries them ({@code spark.port.maxRetries}); 0 for any
 * @param connectTimeout the longest that connecting and saying hello may take
 * @param closeTimeout the longest that closing waits for what is under way
 * @param maxMessageBytes the longest message that is accepted, in bytes
 * @param allocator the parent of this endpoint's Arrow memory
 */
public record EndpointOptions(
    SparkConf conf,
    SecurityManager security,
    UUID runId,
    JobSecret secret,
    String name,
    String bindHost,
    String host,
    int port,
    Duration connectTimeout,
    Duration closeTimeout,
    long maxMessageBytes,
    BufferAllocator allocator) {

  private static final long DEFAULT_MAX_MESSAGE_BYTES = 16L << 30;

  public EndpointOptions {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("no port has the number " + port);
    }
    if (maxMessageBytes <= 0) {
      throw new IllegalArgumentException("messages of at most " + maxMessageBytes + " bytes");
    }
  }

  /** The defaults, on one address and any port. */
  public static EndpointOptions of(
      SparkConf conf,
      SecurityManager security,
      UUID runId,
      JobSecret secret,
      String name,
      String host,
      BufferAllocator allocator) {
    return new EndpointOptions(
        conf,
        security,
        runId,
        secret,
        name,
        host,
        host,
        0,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        DEFAULT_MAX_MESSAGE_BYTES,
        allocator);
  }

  /** The defaults in a driver or executor: Spark's settings, and the addresses that Spark uses. */
  public static EndpointOptions in(
      SparkEnv env, UUID runId, JobSecret secret, String name, BufferAllocator allocator) {
    String host = env.blockManager().blockManagerId().host();
    EndpointOptions options =
        of(env.conf(), env.securityManager(), runId, secret, name, host, allocator);
    return env.executorId().equals("driver")
        ? options.boundTo(env.conf().get("spark.driver.bindAddress", host))
        : options;
  }

  /** Listening on this address. */
  public EndpointOptions boundTo(String address) {
    return new EndpointOptions(
        conf,
        security,
        runId,
        secret,
        name,
        address,
        host,
        port,
        connectTimeout,
        closeTimeout,
        maxMessageBytes,
        allocator);
  }

  /** Trying this port first. */
  public EndpointOptions withPort(int first) {
    return new EndpointOptions(
        conf,
        security,
        runId,
        secret,
        name,
        bindHost,
        host,
        first,
        connectTimeout,
        closeTimeout,
        maxMessageBytes,
        allocator);
  }

  /** With these deadlines. */
  public EndpointOptions withTimeouts(Duration connect, Duration close) {
    return new EndpointOptions(
        conf,
        security,
        runId,
        secret,
        name,
        bindHost,
        host,
        port,
        connect,
        close,
        maxMessageBytes,
        allocator);
  }

  /** Accepting messages up to this length. */
  public EndpointOptions withMaxMessageBytes(long bytes) {
    return new EndpointOptions(
        conf,
        security,
        runId,
        secret,
        name,
        bindHost,
        host,
        port,
        connectTimeout,
        closeTimeout,
        bytes,
        allocator);
  }
}
