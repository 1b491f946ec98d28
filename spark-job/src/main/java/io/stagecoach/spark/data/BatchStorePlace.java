package io.stagecoach.spark.data;

import io.stagecoach.spark.config.StagecoachConf;

/** Where batch stores are. */
public final class BatchStorePlace {

  private BatchStorePlace() {}

  /** The directory that the settings name, or the usual one on the default file system. */
  public static String of(StagecoachConf conf) {
    return conf.batchStorePath().orElse("stagecoach-output/batches");
  }
}
