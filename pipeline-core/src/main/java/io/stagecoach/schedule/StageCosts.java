package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * What a pipeline's parts cost, in one unit of time throughout (nanoseconds, where measured).
 *
 * @param forward each stage's time for the forward pass of one micro-batch
 * @param backward each stage's time for the backward pass of one micro-batch
 * @param weights the part of {@code backward} that its second half takes where it is split: the
 *     parameters' gradients
 * @param hops by border, from each stage to the next: the time from a send, either way, to when the
 *     other stage can have it, where that is on another executor; no device is occupied meanwhile
 */
public record StageCosts(
    List<Long> forward, List<Long> backward, List<Long> weights, List<Long> hops) {

  public StageCosts {
    forward = List.copyOf(forward);
    backward = List.copyOf(backward);
    weights = List.copyOf(weights);
    hops = List.copyOf(hops);
    if (forward.size() != backward.size()
        || weights.size() != backward.size()
        || hops.size() != forward.size() - 1) {
      throw new IllegalArgumentException(
          forward.size()
              + " forward times, "
              + backward.size()
              + " backward times, "
              + hops.size()
              + " hops");
    }
    if (hops.stream().anyMatch(hop -> hop < 0)
        || Collections.min(forward) < 0
        || Collections.min(backward) < 0
        || Collections.min(weights) < 0) {
      throw new IllegalArgumentException("a time is negative");
    }
    for (int stage = 0; stage < backward.size(); stage++) {
      if (weights.get(stage) > backward.get(stage)) {
        throw new IllegalArgumentException("half of a backward pass takes longer than all of it");
      }
    }
  }

  /**
   * The same hop at every border.
   *
   * @param hop its time
   */
  public StageCosts(List<Long> forward, List<Long> backward, List<Long> weights, long hop) {
    this(forward, backward, weights, Collections.nCopies(forward.size() - 1, hop));
  }

  /** Backward passes of two even halves. */
  public StageCosts(List<Long> forward, List<Long> backward, long hop) {
    this(forward, backward, backward.stream().map(time -> time / 2).toList(), hop);
  }

  /** The same for every stage. */
  public static StageCosts equal(int stages, long forward, long backward, long hop) {
    return new StageCosts(
        Collections.nCopies(stages, forward), Collections.nCopies(stages, backward), hop);
  }

  /** The longest hop; 0 where there is none. */
  public long hop() {
    return hops.stream().mapToLong(Long::longValue).max().orElse(0);
  }

  /** The same, with this hop at every border. */
  public StageCosts withHop(long hop) {
    return new StageCosts(forward, backward, weights, hop);
  }

  /** The same, with other hops. */
  public StageCosts withHops(List<Long> others) {
    return new StageCosts(forward, backward, weights, others);
  }

  /** Those of as many replicas of this pipeline, stages numbered through. */
  public StageCosts replicated(int replicas) {
    return new StageCosts(
        times(forward, replicas),
        times(backward, replicas),
        times(weights, replicas),
        sideBySide(Collections.nCopies(replicas, hops)));
  }

  /** The hops of pipelines side by side; from one to the next there is none. */
  public static List<Long> sideBySide(List<List<Long>> pipelines) {
    List<Long> hops = new ArrayList<>(pipelines.get(0));
    for (List<Long> next : pipelines.subList(1, pipelines.size())) {
      hops.add(0L);
      hops.addAll(next);
    }
    return hops;
  }

  private static List<Long> times(List<Long> one, int replicas) {
    return Collections.nCopies(replicas, one).stream().flatMap(List::stream).toList();
  }

  /** Those of one pipeline, where these are of so many replicas: the mean of their stages. */
  public StageCosts ofOne(int replicas) {
    return ofReplicas(
        replicas, times -> times.stream().mapToLong(Long::longValue).sum() / replicas);
  }

  /** Those of one pipeline, where these are of so many replicas: of the slowest of their stages. */
  public StageCosts slowest(int replicas) {
    return ofReplicas(replicas, Collections::max);
  }

  private StageCosts ofReplicas(int replicas, ToLongFunction<List<Long>> one) {
    return replicas == 1
        ? this
        : new StageCosts(
            ofReplicas(forward, replicas, one),
            ofReplicas(backward, replicas, one),
            ofReplicas(weights, replicas, one),
            hopsOfOne(replicas, one));
  }

  private List<Long> hopsOfOne(int replicas, ToLongFunction<List<Long>> one) {
    List<Long> withLast = new ArrayList<>(hops);
    // What would follow each replica's last stage.
    withLast.add(0L);
    List<Long> ofOne = ofReplicas(withLast, replicas, one);
    return ofOne.subList(0, ofOne.size() - 1);
  }

  private static List<Long> ofReplicas(
      List<Long> all, int replicas, ToLongFunction<List<Long>> one) {
    int stages = all.size() / replicas;
    List<Long> ofOne = new ArrayList<>();
    for (int stage = 0; stage < stages; stage++) {
      List<Long> times = new ArrayList<>();
      for (int i = stage; i < all.size(); i += stages) {
        times.add(all.get(i));
      }
      ofOne.add(one.applyAsLong(times));
    }
    return ofOne;
  }

  /** The time that an action occupies its device; 0 for one that carries. */
  public long device(Action action) {
    int stage = action.stage();
    if (action instanceof Action.Forward) {
      return forward.get(stage);
    } else if (action instanceof Action.Backward) {
      return backward.get(stage);
    } else if (action instanceof Action.BackwardInput) {
      return backward.get(stage) - weights.get(stage);
    } else if (action instanceof Action.BackwardWeights) {
      return weights.get(stage);
    }
    return 0;
  }
}
