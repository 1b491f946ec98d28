package io.stagecoach.spark.gpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has every executor choose its GPU when it starts, before anything on it can use ND4J, and has the
 * driver, which hosts no stage, leave all of them alone.
 */
public final class GpuPlugin implements SparkPlugin {

  private static final Logger LOG = LoggerFactory.getLogger(GpuPlugin.class);

  private static final String PLUGINS = "spark.plugins";

  /** Adds it to an application's plugins, where GPUs are asked for. */
  public static void install(SparkConf spark) {
    if (!GpuSettings.of(spark).wanted()) {
      return;
    }
    String name = GpuPlugin.class.getName();
    List<String> plugins =
        new ArrayList<>(
            Arrays.stream(spark.get(PLUGINS, "").split(","))
                .map(String::strip)
                .filter(plugin -> !plugin.isEmpty() && !plugin.equals(name))
                .toList());
    // The first: one that comes before it could use ND4J.
    plugins.add(0, name);
    spark.set(PLUGINS, String.join(",", plugins));
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new OfDriver();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new OfExecutor();
  }

  private static final class OfDriver implements DriverPlugin {

    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      // Where tasks run in the driver's process, it chooses as an executor.
      if (!spark.isLocal() && GpuSettings.of(context.conf()).wanted()) {
        try {
          VisibleGpus.none();
        } catch (LinkageError | IllegalStateException e) {
          LOG.warn("The driver's ND4J may use a GPU: CUDA cannot be told to show none", e);
        }
      }
      return Map.of();
    }
  }

  private static final class OfExecutor implements ExecutorPlugin {

    @Override
    public void init(PluginContext context, Map<String, String> ofDriver) {
      GpuSettings settings = GpuSettings.of(context.conf());
      if (settings.wanted()) {
        ChosenGpu.choose(settings, context.resources());
      }
    }

    @Override
    public void shutdown() {
      ChosenGpu.release();
    }
  }
}
