package io.stagecoach.spark.cluster;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.storage.BlockManagerId;
import scala.collection.JavaConverters;

/**
 * Where an executor of a pipeline is.
 *
 * @param executor Spark's id of it
 * @param host its host, as Spark names it
 */
record Home(String executor, String host) implements Serializable {

  private static final String ON = " on ";

  /**
   * Every executor that there is now, in the order of ids; where tasks run in the driver's process,
   * that one.
   */
  static List<Home> all(SparkContext spark) {
    List<BlockManagerId> ids = new ArrayList<>();
    JavaConverters.asJavaCollection(spark.env().blockManager().master().getMemoryStatus().keys())
        .forEach(ids::add);
    return ids.stream()
        .filter(id -> !id.isDriver() || spark.isLocal())
        .map(id -> new Home(id.executorId(), id.host()))
        .sorted(
            Comparator.comparingInt((Home home) -> home.executor().length())
                .thenComparing(Home::executor))
        .toList();
  }

  /** The executor and its host, as a person names them. */
  String words() {
    return executor + ON + host;
  }

  /** Whom {@link #words} name. */
  static Home of(String words) {
    int end = words.indexOf(ON);
    return new Home(words.substring(0, end), words.substring(end + ON.length()));
  }

  /** The id of the executor that these words name. */
  static String id(String words) {
    int end = words.indexOf(ON);
    return end < 0 ? words : words.substring(0, end);
  }
}
