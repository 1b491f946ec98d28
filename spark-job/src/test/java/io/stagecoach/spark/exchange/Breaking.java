package io.stagecoach.spark.exchange;

/** Breaks connections as a dying process does. */
final class Breaking {

  private Breaking() {}

  /** Closes all of an endpoint's connections without a goodbye. */
  static void abruptly(Endpoint endpoint) {
    endpoint.links().forEach(link -> link.channel().close().syncUninterruptibly());
  }
}
