package io.stagecoach.spark.config;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Map;
import org.apache.spark.SparkConf;

/** Refuses what comes by way of Spark Connect, whose sessions have no Spark jobs of their own. */
public final class SparkConnect {

  private static final String SETTING = "spark.remote";
  private static final String VARIABLE = "SPARK_REMOTE";

  private SparkConnect() {}

  /**
   * Checks settings and environment before anything is started.
   *
   * @param environment the process's
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER} where they name a Spark Connect
   *     server
   */
  public static void refuse(SparkConf spark, Map<String, String> environment) {
    String named =
        spark.contains(SETTING)
            ? SETTING + " is " + spark.get(SETTING)
            : environment.getOrDefault(VARIABLE, "").isEmpty()
                ? ""
                : VARIABLE + " is " + environment.get(VARIABLE);
    if (!named.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          named
              + ", a Spark Connect server; stages need Spark jobs, which its sessions do not have",
          "Unset it, and submit to the cluster itself: --master yarn, k8s://… or spark://….");
    }
  }
}
