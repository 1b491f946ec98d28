package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.spark.exchange.PeerAddress;
import io.stagecoach.spark.exchange.StreamingExchange;
import io.stagecoach.stage.Exchange;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.HostedStage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;

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
    List<HostedStage> hosted =
        new StageHosting(hadoop).host(assign.engine(), assign.specs(), assign.store());
    try {
      return new ExecutorRuntime(
          assign.executor(), hosted, exchange(assign, endpoint), System::nanoTime);
    } catch (RuntimeException | Error e) {
      hosted.forEach(HostedStage::close);
      throw e;
    }
  }

  private Exchange exchange(Message.Assign assign, Endpoint endpoint) {
    Set<Integer> own = new TreeSet<>();
    assign.specs().forEach(spec -> own.add(spec.stage()));
    Map<Integer, Map<Integer, PeerAddress>> neighbours = new HashMap<>();
    for (StageSpec spec : assign.specs()) {
      int stage = spec.stage();
      Map<Integer, PeerAddress> beside = new HashMap<>();
      for (StageAddress other : assign.stages()) {
        boolean isNext =
            Math.abs(other.stage() - stage) == 1 && other.stage() / spec.stages() == spec.replica();
        if (isNext && !own.contains(other.stage())) {
          beside.put(
              other.stage(),
              new PeerAddress(StageHost.name(other.executor()), other.host(), other.port()));
        }
      }
      neighbours.put(stage, beside);
    }
    return StreamingExchange.open(
        endpoint,
        neighbours,
        new ExchangeOptions(0, settings.credit(), settings.step(), assign.wireType()));
  }
}
