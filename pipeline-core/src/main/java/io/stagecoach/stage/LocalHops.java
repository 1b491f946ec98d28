package io.stagecoach.stage;

import io.stagecoach.tensor.Tensors;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Hops between stages of one executor go by reference, and cost and count nothing; all others go on
 * to the exchange.
 */
final class LocalHops implements Exchange {

  private final Set<Integer> stages;
  private final Exchange exchange;
  private final Map<Hop, Tensors> waiting = new HashMap<>();
  private long step = Long.MIN_VALUE;
  private int attempt;

  LocalHops(Collection<Integer> stages, Exchange exchange) {
    this.stages = Set.copyOf(stages);
    this.exchange = exchange;
  }

  private boolean isLocal(Hop hop) {
    return stages.contains(hop.from()) && stages.contains(hop.to());
  }

  @Override
  public void send(Hop hop, Tensors tensors) {
    if (!isLocal(hop)) {
      exchange.send(hop, tensors);
      return;
    }
    if (hop.step() != step || hop.attempt() != attempt) {
      drop();
      step = hop.step();
      attempt = hop.attempt();
    }
    if (waiting.putIfAbsent(hop, tensors) != null) {
      tensors.close();
      throw new IllegalStateException(hop + " is sent a second time");
    }
  }

  @Override
  public Tensors receive(Hop hop) {
    if (!isLocal(hop)) {
      return exchange.receive(hop);
    }
    Tensors tensors = waiting.remove(hop);
    if (tensors == null) {
      // One thread runs all stages here: waiting would last for ever.
      throw new IllegalStateException(hop + " is received before it is sent");
    }
    return tensors;
  }

  private void drop() {
    waiting.values().forEach(Tensors::close);
    waiting.clear();
  }

  @Override
  public Traffic drainTraffic(int stage) {
    return exchange.drainTraffic(stage);
  }

  @Override
  public void close() {
    drop();
    exchange.close();
  }
}
