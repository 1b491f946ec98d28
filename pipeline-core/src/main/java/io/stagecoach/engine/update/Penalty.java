package io.stagecoach.engine.update;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * What regularisation adds to a gradient, or to an update, at one step: the weights, or their
 * signs, times a coefficient.
 *
 * @param of what of the weights
 * @param coefficient with the learning rate in it where DL4J multiplies by it
 */
public record Penalty(Of of, double coefficient) {

  /** What of the weights is added. */
  public enum Of {
    /** Each weight: L2 and weight decay. */
    WEIGHTS,
    /** Each weight's sign: L1. */
    SIGNS
  }

  /**
   * The penalties of one kind, in DL4J's order; none where one of them is not DL4J's own.
   *
   * @param all a parameter's
   * @param when before the updater, or after it
   * @param rate the learning rate at this step; 1 for an updater that has none
   */
  public static Optional<List<Penalty>> of(
      List<Regularization> all, ApplyStep when, double rate, int iteration, int epoch) {
    List<Penalty> penalties = new ArrayList<>();
    for (Regularization regularization : all) {
      if (regularization.applyStep() != when) {
        continue;
      }
      if (regularization.getClass() == L1Regularization.class) {
        double l1 = ((L1Regularization) regularization).getL1().valueAt(iteration, epoch);
        penalties.add(new Penalty(Of.SIGNS, l1));
      } else if (regularization.getClass() == L2Regularization.class) {
        double l2 = ((L2Regularization) regularization).getL2().valueAt(iteration, epoch);
        penalties.add(new Penalty(Of.WEIGHTS, l2));
      } else if (regularization.getClass() == WeightDecay.class) {
        WeightDecay decay = (WeightDecay) regularization;
        double coefficient = decay.getCoeff().valueAt(iteration, epoch);
        penalties.add(
            new Penalty(Of.WEIGHTS, decay.isApplyLR() ? coefficient * rate : coefficient));
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(penalties);
  }

  void add(float[] weights, float[] to, int length) {
    float c = (float) coefficient;
    if (of == Of.WEIGHTS) {
      for (int i = 0; i < length; i++) {
        to[i] = c * weights[i] + to[i];
      }
    } else {
      for (int i = 0; i < length; i++) {
        to[i] = c * Math.signum(weights[i]) + to[i];
      }
    }
  }

  void add(double[] weights, double[] to, int length) {
    if (of == Of.WEIGHTS) {
      for (int i = 0; i < length; i++) {
        to[i] = coefficient * weights[i] + to[i];
      }
    } else {
      for (int i = 0; i < length; i++) {
        to[i] = coefficient * Math.signum(weights[i]) + to[i];
      }
    }
  }
}
