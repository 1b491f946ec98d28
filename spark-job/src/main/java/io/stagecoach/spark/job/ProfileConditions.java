package io.stagecoach.spark.job;

import io.stagecoach.plan.ModelCosts;
import io.stagecoach.spark.cluster.ExecutorKinds;
import io.stagecoach.spark.cluster.FirstSeats;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** What the times of a run's layers and hops depend on. */
final class ProfileConditions {

  private static final String MACHINES = "executors' machines";

  /** Two executors are one pair. */
  private static final int LEAST_WITH_PAIRS = 3;

  /** Measuring takes a chain for every two executors. */
  private static final int MOST_WITH_PAIRS = 12;

  /** DL4J counts steps in the configuration, which takes no time. */
  private static final Pattern COUNTERS =
      Pattern.compile("\"(iterationCount|epochCount)\"\\s*:\\s*\\d+");

  private ProfileConditions() {}

  /**
   * As far as they are known without executors.
   *
   * @param rows the sizes of micro-batches that are of interest
   * @param costs the layers for the largest of them
   */
  static Map<String, String> planned(
      SparkSession spark,
      StagecoachConf conf,
      StartModel model,
      List<Integer> rows,
      ModelCosts costs) {
    Map<String, String> conditions = new LinkedHashMap<>();
    conditions.put("model", digest(COUNTERS.matcher(model.updater().json()).replaceAll("")));
    conditions.put("layers", digest(costs.toString()));
    conditions.put("data type", model.model().dataType().toString());
    conditions.put("batch size", String.valueOf(conf.batchSize()));
    conditions.put("sizes of micro-batches", rows.toString());
    conditions.put("executors", String.valueOf(conf.executors()));
    conditions.put("exchange", conf.exchange().word());
    conditions.put("wire type", conf.wireType().toString());
    conditions.put("master", spark.sparkContext().master());
    String own = ProfileConditions.class.getPackage().getImplementationVersion();
    conditions.put("Stagecoach", own == null ? "unknown" : own);
    conditions.put("Spark", spark.version());
    return conditions;
  }

  /** All of them. */
  static Map<String, String> of(
      SparkSession spark,
      StagecoachConf conf,
      StartModel model,
      List<Integer> rows,
      ModelCosts costs) {
    Map<String, String> conditions = planned(spark, conf, model, rows, costs);
    conditions.put(
        MACHINES,
        ExecutorKinds.of(
            JavaSparkContext.fromSparkContext(spark.sparkContext()),
            conf.executors(),
            conf.deadlineLaunch()));
    return conditions;
  }

  /** What of the executors is to be compared. */
  static RunProfiling.Comparison comparison(
      SparkSession spark, StagecoachConf conf, Map<String, String> conditions) {
    // By shuffle hops are rounds of all executors together.
    boolean hasPairs =
        conf.exchange() == ExchangeKind.STREAMING
            && conf.executors() >= LEAST_WITH_PAIRS
            && conf.executors() <= MOST_WITH_PAIRS;
    return switch (conf.profileCompare()) {
      case ALWAYS -> new RunProfiling.Comparison(true, hasPairs);
      case NEVER -> new RunProfiling.Comparison(false, false);
      case AUTO ->
          new RunProfiling.Comparison(
              !ExecutorKinds.areAlike(conditions.get(MACHINES)),
              hasPairs && FirstSeats.hosts(spark.sparkContext()) > 1);
    };
  }

  private static String digest(String text) {
    return RunFingerprint.digest(text.getBytes(StandardCharsets.UTF_8));
  }
}
