package io.stagecoach.spark.cluster;

import java.io.Serializable;

/**
 * Where an executor of a pipeline is.
 *
 * @param executor Spark's id of it
 * @param host its host, as Spark names it
 */
record Home(String executor, String host) implements Serializable {

  /** The executor and its host, as a person names them. */
  String words() {
    return executor + " on " + host;
  }
}
