package io.stagecoach.stage;

import io.stagecoach.tensor.Narrowing;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Hops between stages in one process, by reference: what is sent is what is received. */
public final class InProcessExchange implements Exchange {

  private static final long DEADLINE_SECONDS = 60;

  private final Map<Hop, CompletableFuture<Tensors>> wire;
  private final Map<Integer, Long> sent = new HashMap<>();
  private final Map<Integer, Long> received = new HashMap<>();

  private InProcessExchange(Map<Hop, CompletableFuture<Tensors>> wire) {
    this.wire = wire;
  }

  /** Exchanges for all stages of one pipeline. */
  public static InProcessExchange[] between(int stages) {
    Map<Hop, CompletableFuture<Tensors>> wire = new ConcurrentHashMap<>();
    InProcessExchange[] all = new InProcessExchange[stages];
    for (int i = 0; i < stages; i++) {
      all[i] = new InProcessExchange(wire);
    }
    return all;
  }

  @Override
  public void send(Hop hop, Tensors tensors) {
    sent.merge(hop.from(), 1L, Long::sum);
    cell(hop).complete(tensors);
  }

  @Override
  public Tensors receive(Hop hop) {
    try {
      Tensors tensors = cell(hop).get(DEADLINE_SECONDS, TimeUnit.SECONDS);
      wire.remove(hop);
      received.merge(hop.to(), 1L, Long::sum);
      return tensors;
    } catch (Exception e) {
      throw new AssertionError("no " + hop, e);
    }
  }

  private CompletableFuture<Tensors> cell(Hop hop) {
    return wire.computeIfAbsent(hop, h -> new CompletableFuture<>());
  }

  @Override
  public Traffic drainTraffic(int stage) {
    Long out = sent.remove(stage);
    Long in = received.remove(stage);
    return new Traffic(out == null ? 0 : out, 0, in == null ? 0 : in, 0, 0, 0, Narrowing.none());
  }

  @Override
  public void close() {}
}
