package io.stagecoach.spark.cluster;

import java.io.Serializable;

/**
 * Where an executor of a pipeline is.
 *
 * @param executor Spark's id of it
 * @param host its host, as Spark names it
 */
record Home(String executor, String host) implements Serializable {

  private static final String ON = " on ";

  /** The executor and its host, as a person names them. */
  String words() {
    return executor + ON + host;
  }

  /** The id of the executor that these words name. */
  static String id(String words) {
    int end = words.indexOf(ON);
    return end < 0 ? words : words.substring(0, end);
  }
}
