package io.stagecoach.engine.update;

import java.util.List;

/**
 * What is done to each element of a stretch, in this order: its gradient is scaled, averaged and
 * penalised, the rule makes an update of it, which is penalised and subtracted from the weight.
 *
 * @param scale what clipping multiplies the gradient by; 1 for nothing
 * @param divisor what averaging divides it by; 1 for nothing
 * @param before penalties before the updater: L1 and L2
 * @param after after it: weight decay
 */
public record Recipe(
    double scale, double divisor, List<Penalty> before, Rule rule, List<Penalty> after) {

  public Recipe {
    before = List.copyOf(before);
    after = List.copyOf(after);
  }
}
