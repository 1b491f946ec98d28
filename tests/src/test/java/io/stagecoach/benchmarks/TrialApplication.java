package io.stagecoach.benchmarks;

import io.stagecoach.spark.cluster.Pipeline;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** The Spark application that a benchmark runs in. */
final class TrialApplication {

  /** Off-heap memory of an executor that is enough for what is measured here. */
  private static final String AMPLE =
      "-Dorg.bytedeco.javacpp.maxbytes=1g -Dorg.bytedeco.javacpp.maxphysicalbytes=3g";

  private TrialApplication() {}

  /**
   * Starts an application in a local cluster, with executor processes of one core.
   *
   * @param jars what executors must have beside the job's own jar
   */
  static JavaSparkContext start(String name, int executors, Path... jars) {
    return start(name, executors, AMPLE, jars);
  }

  /**
   * The same with other limits of memory.
   *
   * @param executorOptions options of the executors' virtual machines
   */
  static JavaSparkContext start(String name, int executors, String executorOptions, Path... jars) {
    List<String> all = new ArrayList<>();
    all.add(Pipeline.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    for (Path jar : jars) {
      all.add(jar.toString());
    }
    return new JavaSparkContext(
        new SparkConf()
            .setAppName(name)
            .setMaster("local-cluster[" + executors + ",1,1024]")
            .setJars(all.toArray(String[]::new))
            .set("spark.executor.memory", "1g")
            .set("spark.executor.extraJavaOptions", executorOptions)
            .set("spark.executorEnv.OMP_NUM_THREADS", "1")
            .set("spark.ui.enabled", "false"));
  }
}
