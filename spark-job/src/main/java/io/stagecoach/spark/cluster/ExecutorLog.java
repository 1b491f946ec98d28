package io.stagecoach.spark.cluster;

import io.stagecoach.error.StagecoachException;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.SparkContext;
import scala.Option;

/** Where the log of an executor can be read, as its cluster manager has told Spark. */
public final class ExecutorLog {

  private ExecutorLog() {}

  /**
   * The same error, with the address of the log of the executor that it names; unchanged where it
   * names none, or where nothing is known of it.
   */
  public static StagecoachException linked(StagecoachException error, SparkContext spark) {
    return address(error.where().executor(), spark)
        .map(
            address ->
                new StagecoachException(
                    error.kind(),
                    error.what(),
                    error.where(),
                    advice(error)
                        + "The log of executor "
                        + error.where().executor()
                        + ": "
                        + address,
                    error))
        .orElse(error);
  }

  private static String advice(StagecoachException error) {
    String remedy = error.remedy();
    return remedy.isEmpty() ? "" : remedy + (remedy.endsWith(".") ? " " : ". ");
  }

  private static Optional<String> address(String executor, SparkContext spark) {
    // The pages of a local cluster are gone with the run, and what Spark knows when it is stopped.
    if (executor.isEmpty() || spark.master().startsWith("local") || spark.isStopped()) {
      return Optional.empty();
    }
    try {
      Option<String> address =
          spark.statusStore().executorSummary(Home.id(executor)).executorLogs().get("stderr");
      return address.isDefined() ? Optional.of(address.get()) : Optional.empty();
    } catch (NoSuchElementException e) {
      return Optional.empty();
    }
  }
}
