package io.stagecoach.spark.cluster;

import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.dl4j.Dl4jStageModule;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.data.HadoopChunkStorage;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.spark.exchange.PeerAddress;
import io.stagecoach.spark.exchange.StreamingExchange;
import io.stagecoach.stage.Exchange;
import io.stagecoach.stage.StageRuntime;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Builds a stage as the driver assigns it: its compute, its data, its hops. */
final class StageBuilder {

  private final HostSettings settings;
  private final Configuration hadoop;

  StageBuilder(HostSettings settings, Configuration hadoop) {
    this.settings = settings;
    this.hadoop = hadoop;
  }

  StageRuntime build(Message.Assign assign, Endpoint endpoint) {
    StageModule module = new Dl4jStageModule(assign.spec());
    MicroBatchSource source = null;
    try {
      source = open(assign.store());
      return new StageRuntime(
          assign.spec().stage(), module, exchange(assign, endpoint), source, System::nanoTime);
    } catch (RuntimeException e) {
      if (source != null) {
        source.close();
      }
      module.close();
      throw e;
    }
  }

  private MicroBatchSource open(StoreAccess store) {
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

  private Exchange exchange(Message.Assign assign, Endpoint endpoint) {
    int stage = assign.spec().stage();
    Map<Integer, PeerAddress> neighbours = new HashMap<>();
    for (StageAddress other : assign.stages()) {
      if (Math.abs(other.stage() - stage) == 1) {
        neighbours.put(
            other.stage(),
            new PeerAddress(StageHost.name(other.executor()), other.host(), other.port()));
      }
    }
    return StreamingExchange.open(
        endpoint, stage, neighbours, new ExchangeOptions(0, settings.credit(), settings.step()));
  }
}
