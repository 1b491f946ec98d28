package io.stagecoach.benchmarks;

import io.stagecoach.it.KubernetesCluster;
import io.stagecoach.it.StagecoachProcess;
import io.stagecoach.it.StandaloneCluster;
import io.stagecoach.it.Workshop;
import io.stagecoach.it.YarnCluster;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A master on which the start of an application is timed, with the driver here or inside. */
sealed interface StartSite {

  /** The master and where the driver is, as tables have it. */
  String name();

  /** The class whose process is the driver's. */
  String driverClass();

  /**
   * Where and how an application of two executors runs there.
   *
   * @param application its name
   */
  Map<String, String> settings(String application);

  /** What the driver has said so far on its standard error stream. */
  String said(StagecoachProcess run, String application);

  /** Has a subcommand run there. */
  default StagecoachProcess start(Workshop workshop, Map<String, String> settings) {
    return StagecoachProcess.start(
        workshop.directory(),
        List.of(
            "train",
            // In a file the launcher would adapt a local cluster to the number of stages.
            "--master",
            settings.get("spark.master"),
            "--properties-file",
            workshop.properties(settings.get("spark.app.name"), settings).toString()));
  }

  /**
   * On this machine, without a cluster.
   *
   * @param master Spark's {@code local[N]} or {@code local-cluster[…]}
   */
  record Local(String master) implements StartSite {

    @Override
    public String name() {
      return master;
    }

    @Override
    public String driverClass() {
      return "SparkSubmit";
    }

    @Override
    public Map<String, String> settings(String application) {
      Map<String, String> settings = new TreeMap<>();
      settings.put("spark.app.name", application);
      settings.put("spark.master", master);
      return settings;
    }

    @Override
    public String said(StagecoachProcess run, String application) {
      return run.errSoFar();
    }
  }

  /** Spark's own cluster. */
  record Standalone(StandaloneCluster cluster, String deployMode) implements StartSite {

    @Override
    public String name() {
      return "standalone, " + deployMode;
    }

    @Override
    public String driverClass() {
      return deployMode.equals("client") ? "SparkSubmit" : "DriverWrapper";
    }

    @Override
    public Map<String, String> settings(String application) {
      Map<String, String> settings = new TreeMap<>();
      settings.put("spark.app.name", application);
      settings.put("spark.master", cluster.master());
      settings.put("spark.submit.deployMode", deployMode);
      settings.put("spark.standalone.submit.waitAppCompletion", "true");
      settings.put("spark.cores.max", "2");
      return settings;
    }

    @Override
    public String said(StagecoachProcess run, String application) {
      if (deployMode.equals("client")) {
        return run.errSoFar();
      }
      // Until this application's driver is there, the latest is that of the one before.
      String said = cluster.driverSaid("stderr");
      return said.contains("-Dspark.app.name=" + application) ? said : "";
    }
  }

  /** YARN with HDFS, where batches and output are. */
  record Yarn(YarnCluster cluster, String deployMode) implements StartSite {

    @Override
    public String name() {
      return "yarn, " + deployMode;
    }

    @Override
    public String driverClass() {
      return deployMode.equals("client") ? "SparkSubmit" : "ApplicationMaster";
    }

    @Override
    public Map<String, String> settings(String application) {
      Map<String, String> settings = cluster.settings(application, deployMode);
      settings.put("spark.stagecoach.batchStore.path", "batches-" + application);
      settings.put("spark.stagecoach.output.path", "output-" + application);
      return settings;
    }

    @Override
    public String said(StagecoachProcess run, String application) {
      return deployMode.equals("client") ? run.errSoFar() : cluster.logs(application, "stderr");
    }

    @Override
    public StagecoachProcess start(Workshop workshop, Map<String, String> settings) {
      return cluster.submit(workshop, "train", settings);
    }
  }

  /** Kubernetes, whose pods are processes here. */
  record Kubernetes(KubernetesCluster cluster, String deployMode) implements StartSite {

    @Override
    public String name() {
      return "kubernetes, " + deployMode;
    }

    @Override
    public String driverClass() {
      return "SparkSubmit";
    }

    @Override
    public Map<String, String> settings(String application) {
      return cluster.settings(application, deployMode);
    }

    @Override
    public String said(StagecoachProcess run, String application) {
      return deployMode.equals("client") ? run.errSoFar() : cluster.driverSaid(application);
    }
  }
}
