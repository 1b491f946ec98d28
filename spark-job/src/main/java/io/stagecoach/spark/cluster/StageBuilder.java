package io.stagecoach.spark.cluster;

import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageEngines;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.data.HadoopChunkStorage;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.spark.exchange.PeerAddress;
import io.stagecoach.spark.exchange.StreamingExchange;
import io.stagecoach.stage.Exchange;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.HostedStage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Builds stages as the driver assigns them: their compute, their data, their hops. */
final class StageBuilder {

  private final HostSettings settings;
  private final Configuration hadoop;

  StageBuilder(HostSettings settings, Configuration hadoop) {
    this.settings = settings;
    this.hadoop = hadoop;
  }

  /** Builds the stages of an executor, and what carries their hops. */
  ExecutorRuntime build(Message.Assign assign, Endpoint endpoint) {
    List<HostedStage> hosted = host(assign.engine(), assign.specs(), assign.store());
    try {
      return new ExecutorRuntime(
          assign.executor(), hosted, exchange(assign, endpoint), System::nanoTime);
    } catch (RuntimeException e) {
      hosted.forEach(HostedStage::close);
      throw e;
    }
  }

  /** Builds stages without hops. */
  List<HostedStage> host(String engineName, List<StageSpec> specs, StoreAccess store) {
    StageEngine engine = StageEngines.named(engineName);
    List<HostedStage> hosted = new ArrayList<>();
    try {
      for (StageSpec spec : specs) {
        StageModule module = engine.open(spec);
        try {
          hosted.add(new HostedStage(spec.stage(), module, open(store)));
        } catch (RuntimeException e) {
          module.close();
          throw e;
        }
      }
      return hosted;
    } catch (RuntimeException e) {
      hosted.forEach(HostedStage::close);
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
    Set<Integer> own = new TreeSet<>();
    assign.specs().forEach(spec -> own.add(spec.stage()));
    Map<Integer, Map<Integer, PeerAddress>> neighbours = new HashMap<>();
    for (int stage : own) {
      Map<Integer, PeerAddress> beside = new HashMap<>();
      for (StageAddress other : assign.stages()) {
        if (Math.abs(other.stage() - stage) == 1 && !own.contains(other.stage())) {
          beside.put(
              other.stage(),
              new PeerAddress(StageHost.name(other.executor()), other.host(), other.port()));
        }
      }
      neighbours.put(stage, beside);
    }
    return StreamingExchange.open(
        endpoint, neighbours, new ExchangeOptions(0, settings.credit(), settings.step()));
  }
}
