package io.stagecoach.spark.exchange;

import java.io.Serializable;

/**
 * Where a process of the run listens.
 *
 * @param name the process's name in the run
 * @param host its address
 * @param port its port
 */
public record PeerAddress(String name, String host, int port) implements Serializable {

  @Override
  public String toString() {
    return name + " at " + host + ":" + port;
  }
}
