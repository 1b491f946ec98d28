package io.stagecoach.spark.config;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;

/**
 * In cluster mode YARN and Kubernetes run the driver in a container, whose working directory ends
 * with it: what is written to a relative path there is lost, unless the default file system is one
 * that all machines share.
 */
public final class ContainerPaths {

  private ContainerPaths() {}

  /**
   * Refuses a path that would be inside a container.
   *
   * @param setting what the path is, or would be, set with
   * @throws StagecoachException of kind {@link ErrorKind#CONFIGURATION}
   */
  public static void check(Setting<?> setting, String path, SparkConf spark, Configuration hadoop) {
    Path given = new Path(path);
    if (isInContainer(spark)
        && !given.isAbsolute()
        && given.toUri().getScheme() == null
        && "file".equals(FileSystem.getDefaultUri(hadoop).getScheme())) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          setting.key()
              + " is "
              + path
              + ", which in cluster mode would be in the working directory of the driver's container,"
              + " and lost with it",
          "Set it to where all machines can read and write, such as hdfs:///user/me/"
              + given.getName()
              + ".");
    }
  }

  private static boolean isInContainer(SparkConf spark) {
    boolean inYarn =
        spark.get("spark.master", "").startsWith("yarn")
            && spark.get("spark.submit.deployMode", "client").equals("cluster");
    // A driver in a pod is submitted there once more, in client mode.
    return inYarn || spark.getBoolean("spark.kubernetes.submitInDriver", false);
  }
}
