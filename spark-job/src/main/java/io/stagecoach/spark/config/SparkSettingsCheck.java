package io.stagecoach.spark.config;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** Finds settings of Spark itself with which the stages could not live. */
public final class SparkSettingsCheck {

  private static final String MASTER = "spark.master";
  private static final String DYNAMIC_ALLOCATION = "spark.dynamicAllocation.enabled";
  private static final String SPECULATION = "spark.speculation";
  private static final String SERIALIZER = "spark.serializer";
  private static final String KRYO = "org.apache.spark.serializer.KryoSerializer";

  /** {@code local}, {@code local[4]}, {@code local[*,3]}: the driver is the only process. */
  private static final Pattern ONE_PROCESS = Pattern.compile("local(\\[.*])?");

  private SparkSettingsCheck() {}

  /**
   * Checks the settings before anything is started.
   *
   * @param spark the application's settings
   * @param stages how many stages there are, those of all replicas counted: as many executors are
   *     needed
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER}, with every conflict that there
   *     is
   */
  public static void check(SparkConf spark, int stages) {
    List<String> conflicts = new ArrayList<>();
    List<String> remedies = new ArrayList<>();
    String master = spark.get(MASTER, "");
    if (stages > 1 && ONE_PROCESS.matcher(master).matches()) {
      conflicts.add(
          MASTER
              + " is "
              + master
              + ", which has one process, and "
              + Settings.STAGES.key()
              + (spark.contains(Settings.REPLICAS.key()) ? " × " + Settings.REPLICAS.key() : "")
              + " is "
              + stages
              + ", each of which needs an executor of its own");
      remedies.add(
          "Use --master local-cluster["
              + stages
              + ",1,2048] on one machine, or a real cluster's master; or set "
              + Settings.STAGES.key()
              + "=1.");
    }
    if (spark.getBoolean(DYNAMIC_ALLOCATION, false)) {
      conflicts.add(DYNAMIC_ALLOCATION + " is true, but Spark does not run barrier jobs with it");
      remedies.add(
          "Set " + DYNAMIC_ALLOCATION + "=false and spark.executor.instances=" + stages + ".");
    }
    if (spark.getBoolean(SPECULATION, false)) {
      conflicts.add(SPECULATION + " is true, but a stage must not run twice at once");
      remedies.add("Set " + SPECULATION + "=false.");
    }
    if (isKryo(spark)) {
      conflicts.add(
          SERIALIZER
              + " is Kryo's, which in Spark 3.5 is older than Java's records, of which the job's"
              + " tasks are made");
      remedies.add(
          "Leave " + SERIALIZER + " out: hops and batches are written by neither serializer.");
    }
    if (!conflicts.isEmpty()) {
      throw new StagecoachException(
          ErrorKind.CLUSTER, String.join("; ", conflicts), String.join(" ", remedies));
    }
  }

  /** Takes out what {@link #check} would refuse, as far as Spark itself runs without it. */
  public static void disarm(SparkConf spark) {
    spark.set(DYNAMIC_ALLOCATION, "false").set(SPECULATION, "false");
    if (isKryo(spark)) {
      spark.remove(SERIALIZER);
    }
  }

  private static boolean isKryo(SparkConf spark) {
    return spark.get(SERIALIZER, "").equals(KRYO);
  }
}
