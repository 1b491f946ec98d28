package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.LayerNorm;
import java.util.HashMap;
import java.util.Map;

/** The loops of one thread with their tiles, which are allocated once for each width and length. */
final class Scratch {

  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final Gelu gelu = new Gelu();
  private final Residual residual = new Residual();
  private final Map<Integer, RowNorm> norms = new HashMap<>();
  private final Map<Integer, BiasRows> biasRows = new HashMap<>();
  private final Map<Integer, CausalSoftmax> softmaxes = new HashMap<>();
  private final Map<Integer, RowSoftmax> rowSoftmaxes = new HashMap<>();

  private Scratch() {}

  static Scratch ofThisThread() {
    return OF_THREAD.get();
  }

  Gelu gelu() {
    return gelu;
  }

  Residual residual() {
    return residual;
  }

  RowNorm norm(int width) {
    return norms.computeIfAbsent(width, w -> new RowNorm(w, LayerNorm.EPSILON));
  }

  BiasRows biasRows(int width) {
    return biasRows.computeIfAbsent(width, BiasRows::new);
  }

  CausalSoftmax softmax(int time) {
    return softmaxes.computeIfAbsent(time, t -> new CausalSoftmax(new CausalBlocks(t)));
  }

  RowSoftmax rowSoftmax(int width) {
    return rowSoftmaxes.computeIfAbsent(width, RowSoftmax::new);
  }
}
