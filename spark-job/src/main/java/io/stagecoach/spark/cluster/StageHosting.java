package io.stagecoach.spark.cluster;

import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageEngines;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.data.HadoopChunkStorage;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Builds stages on the executor that is to host them: their compute and their data. */
final class StageHosting {

  private static final Logger LOG = LoggerFactory.getLogger(StageHosting.class);

  private final Configuration hadoop;

  StageHosting(Configuration hadoop) {
    this.hadoop = hadoop;
  }

  /** Builds stages, for the caller to close. */
  List<HostedStage> host(String engineName, List<StageSpec> specs, StoreAccess store) {
    StageEngine engine = StageEngines.named(engineName);
    List<HostedStage> hosted = new ArrayList<>();
    try {
      for (StageSpec spec : specs) {
        hosted.add(host(engine, spec, store));
      }
      GpuClaims.memory().ifPresent(gpu -> LOG.info("With its stages built: {}", gpu));
      return hosted;
    } catch (RuntimeException | Error e) {
      hosted.forEach(HostedStage::close);
      throw e;
    }
  }

  private HostedStage host(StageEngine engine, StageSpec spec, StoreAccess store) {
    try {
      StageModule module = engine.open(spec);
      try {
        return new HostedStage(spec.stage(), module, open(store));
      } catch (RuntimeException | Error e) {
        module.close();
        throw e;
      }
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of("the building of the stage", Where.stage(spec.stage()), e);
    }
  }

  /** Opens the batch store, for the caller to close. */
  MicroBatchSource open(StoreAccess store) {
    if (!store.exists()) {
      // Data that has no columns: each step brings what the first stage reads.
      return (slice, columns) -> Tensors.none();
    }
    try {
      HadoopChunkStorage storage = new HadoopChunkStorage(new Path(store.location()), hadoop);
      return new StoreReader(storage, ManifestFile.read(storage), store.toOptions());
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "The batch store at " + store.location() + " cannot be read: " + e.getMessage(),
          Where.nowhere(),
          "All executors must reach it: set spark.stagecoach.batchStore.path to shared storage.",
          e);
    }
  }
}
