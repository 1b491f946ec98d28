package io.stagecoach.spark.exchange;

/** A process's end of the run's network. */
@SuppressWarnings("DoNotCallSuggester") // the inside follows
public final class Endpoint implements AutoCloseable {

  private Endpoint() {}

  /** Listens. */
  public static Endpoint open(EndpointOptions options, Receiver receiver) {
    throw new UnsupportedOperationException(options + " " + receiver);
  }

  /** The address that others are told. */
  public String host() {
    throw new UnsupportedOperationException();
  }

  /** The port it listens on. */
  public int port() {
    throw new UnsupportedOperationException();
  }

  /** This endpoint's name, host and port. */
  public PeerAddress address() {
    throw new UnsupportedOperationException();
  }

  /** Connects, and proves and checks the secret. */
  public Peer connect(String host, int port) {
    throw new UnsupportedOperationException(host + port);
  }

  @Override
  public void close() {}
}
