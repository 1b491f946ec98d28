package io.stagecoach.engine.update;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rules that are known to give ND4J's bits in this process. Each updater and type is tried once;
 * one that counts updates also at every step, on few elements, since powers may be rounded
 * differently at one step and not at another. Not thread-safe.
 */
public final class TrustedRules {

  private static final Logger LOG = LoggerFactory.getLogger(TrustedRules.class);

  /** Odd, so that loops have a rest, and more than a piece. */
  private static final int TRIED_ONCE = 4099;

  private static final Map<Tried, Boolean> HELD = new ConcurrentHashMap<>();

  private final DataType type;
  private final Map<IUpdater, Optional<Rule>> ofStep = new HashMap<>();
  private final Map<Integer, StepTrial> trials = new HashMap<>();
  private int iteration = -1;
  private int epoch = -1;

  private record Tried(Class<? extends IUpdater> updater, DataType type) {}

  /**
   * @param type the weights'
   */
  public TrustedRules(DataType type) {
    this.type = type;
  }

  /** The rule of an updater at a step; none where only ND4J's operation is known to be right. */
  public Optional<Rule> of(IUpdater updater, int atIteration, int atEpoch) {
    if (atIteration != iteration || atEpoch != epoch) {
      ofStep.clear();
      iteration = atIteration;
      epoch = atEpoch;
    }
    return ofStep.computeIfAbsent(
        updater, key -> Rules.of(key, iteration, epoch).filter(rule -> holds(key, rule)));
  }

  private boolean holds(IUpdater updater, Rule rule) {
    RuleTrial trial = new RuleTrial(updater, type, iteration, epoch);
    boolean held =
        HELD.computeIfAbsent(
            new Tried(updater.getClass(), type), key -> triedOnce(key, trial, rule));
    return held
        && (!rule.countsUpdates()
            || trials
                .computeIfAbsent(rule.states(), states -> new StepTrial(type, states))
                .holds(updater, rule, iteration, epoch));
  }

  private static boolean triedOnce(Tried tried, RuleTrial trial, Rule rule) {
    boolean held = trial.holdsWithPenalties(rule, TRIED_ONCE);
    if (!held) {
      LOG.warn(
          "ND4J's {} rounds differently here from the update kernel: its own, slower, operations"
              + " are used",
          tried);
    }
    return held;
  }
}
