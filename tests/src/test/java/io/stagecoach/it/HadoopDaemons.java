package io.stagecoach.it;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.api.AuxiliaryService;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;
import org.apache.hadoop.yarn.util.resource.ResourceUtils;
import org.apache.spark.network.yarn.YarnShuffleService;

/**
 * The daemons of HDFS and YARN in one process: a name node, a data node, a resource manager and two
 * node managers, which start containers as processes. All listen on 127.0.0.1, at ports that the
 * system chooses. Hadoop's own {@code MiniYARNCluster} would listen on the address of the machine's
 * name, which need not have one.
 *
 * <p>They end when the standard input stream does, so that none outlives the test that started
 * them.
 */
final class HadoopDaemons {

  private static final String SHUFFLE_SERVICE = "spark_shuffle";
  private static final String SHUFFLE_PORT = "spark.shuffle.service.port";

  /** What a client needs of the configuration, once the daemons have their ports. */
  private static final List<String> CLIENT_KEYS =
      List.of(
          "fs.defaultFS",
          YarnConfiguration.RM_ADDRESS,
          YarnConfiguration.RM_SCHEDULER_ADDRESS,
          YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
          YarnConfiguration.RM_ADMIN_ADDRESS,
          YarnConfiguration.RM_WEBAPP_ADDRESS,
          YarnConfiguration.RM_HOSTNAME,
          SHUFFLE_PORT);

  static final int NODES = 2;
  private static final int NODE_MEBIBYTES = 3072;

  private HadoopDaemons() {}

  /** Starts them in a directory, in which {@code conf} appears when they can be used. */
  public static void main(String[] args) throws Exception {
    Path directory = Path.of(args[0]);
    try {
      run(directory);
    } catch (Exception | LinkageError e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
    Runtime.getRuntime().halt(0);
  }

  private static void run(Path directory) throws Exception {
    // Several daemons of a kind in one process would else quarrel about the names of their metrics.
    DefaultMetricsSystem.setMiniClusterMode(true);
    Configuration conf = configuration(directory);
    // Kept for the whole process, by the first who asks: of the defaults, if it is not told before.
    ResourceUtils.resetResourceTypes(conf);
    try (MiniDFSCluster files =
        new MiniDFSCluster.Builder(conf, directory.resolve("hdfs").toFile())
            .numDataNodes(1)
            .build()) {
      files.waitActive();
      conf.set("fs.defaultFS", files.getURI().toString());
      try (ResourceManager resources = new ResourceManager()) {
        resources.init(new YarnConfiguration(conf));
        resources.start();
        Configuration known = resources.getConfig();
        try (NodeManager first = node(0, directory, known);
            NodeManager second = node(1, directory, known)) {
          first.start();
          second.start();
          while (resources.getResourceScheduler().getNumClusterNodes() < NODES) {
            Thread.sleep(50);
          }
          tellClients(directory, known);
          awaitEndOfInput();
        }
      }
    }
  }

  private static Configuration configuration(Path directory) {
    Configuration conf = new YarnConfiguration();
    conf.set("hadoop.tmp.dir", directory.resolve("tmp").toString());
    conf.setBoolean("dfs.permissions.enabled", false);
    conf.set("dfs.datanode.hostname", "localhost");
    conf.set(YarnConfiguration.RM_HOSTNAME, "localhost");
    for (String address :
        List.of(
            YarnConfiguration.RM_ADDRESS,
            YarnConfiguration.RM_SCHEDULER_ADDRESS,
            YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
            YarnConfiguration.RM_ADMIN_ADDRESS,
            YarnConfiguration.RM_WEBAPP_ADDRESS)) {
      conf.set(address, "localhost:0");
    }
    conf.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 64);
    conf.setInt(YarnConfiguration.RM_NM_HEARTBEAT_INTERVAL_MS, 200);
    // A queue for everyone, and one in which hardly anything has room.
    conf.set("yarn.scheduler.capacity.root.queues", "default,narrow");
    conf.set("yarn.scheduler.capacity.root.default.capacity", "90");
    conf.set("yarn.scheduler.capacity.root.narrow.capacity", "10");
    conf.set("yarn.scheduler.capacity.root.narrow.maximum-capacity", "10");
    conf.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1");
    conf.setInt(SHUFFLE_PORT, freePort());
    return conf;
  }

  private static NodeManager node(int index, Path directory, Configuration known) {
    Configuration conf = new YarnConfiguration(known);
    Path own = directory.resolve("node-" + index);
    conf.set("yarn.nodemanager.hostname", "localhost");
    conf.set(YarnConfiguration.NM_ADDRESS, "localhost:0");
    conf.set(YarnConfiguration.NM_LOCALIZER_ADDRESS, "localhost:0");
    conf.set(YarnConfiguration.NM_WEBAPP_ADDRESS, "localhost:0");
    conf.set(YarnConfiguration.NM_LOCAL_DIRS, own.resolve("local").toString());
    conf.set(YarnConfiguration.NM_LOG_DIRS, logs(directory, index).toString());
    conf.setInt(YarnConfiguration.NM_PMEM_MB, NODE_MEBIBYTES);
    conf.setInt(YarnConfiguration.NM_VCORES, 8);
    // The memory and the disk of the machine are not what is tested.
    conf.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, false);
    conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
    conf.setBoolean(YarnConfiguration.NM_DISK_HEALTH_CHECK_ENABLE, false);
    // Spark's shuffle service. Applications know one port, so that those of both nodes, which are
    // one machine, go to the first.
    conf.set(YarnConfiguration.NM_AUX_SERVICES, SHUFFLE_SERVICE);
    conf.setClass(
        String.format(YarnConfiguration.NM_AUX_SERVICE_FMT, SHUFFLE_SERVICE),
        YarnShuffleService.class,
        AuxiliaryService.class);
    if (index > 0) {
      conf.setInt(SHUFFLE_PORT, 0);
    }
    NodeManager node = new NodeManager();
    node.init(conf);
    return node;
  }

  private static int freePort() {
    try (ServerSocket free = new ServerSocket(0)) {
      return free.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where a node keeps the logs of its containers, each application in a folder of its own. */
  static Path logs(Path directory, int node) {
    return directory.resolve("node-" + node).resolve("log");
  }

  /** Writes what becomes {@code HADOOP_CONF_DIR}, whole or not at all. */
  private static void tellClients(Path directory, Configuration known) throws IOException {
    Configuration told = new Configuration(false);
    for (String key : CLIENT_KEYS) {
      told.set(key, known.get(key));
    }
    // There is no Hadoop on the nodes for containers to find.
    told.set(YarnConfiguration.YARN_APPLICATION_CLASSPATH, "");
    Path unfinished = Files.createDirectories(directory.resolve("conf.part"));
    for (String name : List.of("core-site.xml", "yarn-site.xml")) {
      try (OutputStream out = Files.newOutputStream(unfinished.resolve(name))) {
        told.writeXml(out);
      }
    }
    Files.move(unfinished, directory.resolve("conf"), StandardCopyOption.ATOMIC_MOVE);
  }

  private static void awaitEndOfInput() throws IOException {
    while (System.in.read() >= 0) {
      // Nothing is said on it.
    }
  }
}
