package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.PromotionMetric;
import io.stagecoach.spark.config.Settings;
import java.util.Locale;
import java.util.Map;

/**
 * Whether a candidate takes the accepted model's place: only if it is better, by a margin, and has
 * not become worse where the accepted model is known to be good. The second finds an interval of
 * bad data, such as one with wrong labels, on which both training and measuring go wrong together.
 *
 * @param metric what is compared
 * @param margin by how much the candidate must be better, in the metric's own unit
 * @param tolerance by which share of the accepted model's error the candidate's may be larger on
 *     the data that the accepted model was accepted on
 */
public record PromotionRule(PromotionMetric metric, double margin, double tolerance) {

  /**
   * Decides.
   *
   * @throws StagecoachException CONFIGURATION if the models do not measure the metric
   */
  public Decision decide(Measured measured) {
    double candidate = value(measured.candidate());
    if (!Double.isFinite(candidate)) {
      return new Decision.Refused("the candidate's " + metric.word() + " is not a finite number");
    }
    if (measured.accepted().isEmpty()) {
      return new Decision.Promoted("there was no accepted model");
    }
    double accepted = value(measured.accepted().get());
    if (!Double.isFinite(accepted)) {
      return new Decision.Refused(
          "the accepted model's "
              + metric.word()
              + " is not a finite number on this data: nothing can be compared");
    }
    String figures = metric.word() + " " + shown(candidate) + " against " + shown(accepted);
    double gain = metric.error(accepted) - metric.error(candidate);
    if (!(gain > 0 && gain >= margin)) {
      return new Decision.Refused(
          "the candidate is not better"
              + (margin > 0 ? " by " + shown(margin) : "")
              + " than the accepted model: "
              + figures);
    }
    return measured
        .earlier()
        .map(earlier -> onEarlierData(earlier, figures))
        .orElseGet(() -> new Decision.Promoted("the candidate is better: " + figures));
  }

  private Decision onEarlierData(Measured.Pair earlier, String figures) {
    double candidate = value(earlier.candidate());
    double accepted = value(earlier.accepted());
    String then = shown(candidate) + " against " + shown(accepted);
    double most = metric.error(accepted) + tolerance * Math.abs(metric.error(accepted));
    // Not finite is not within it.
    return metric.error(candidate) <= most
        ? new Decision.Promoted(
            "the candidate is better: "
                + figures
                + "; on the data that the accepted model was accepted on "
                + then)
        : new Decision.Refused(
            "the candidate is better here ("
                + figures
                + "), but worse on the data that the accepted model was accepted on: "
                + then);
  }

  private double value(Map<String, Double> measures) {
    if (!measures.containsKey(metric.word())) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.RETRAIN_METRIC.key()
              + " is "
              + metric.word()
              + ", which is not measured of this model; allowed is one of "
              + String.join(", ", measures.keySet()),
          "Correct it.");
    }
    Double value = measures.get(metric.word());
    return value == null ? Double.NaN : value;
  }

  private static String shown(double value) {
    return String.format(Locale.ROOT, "%.5g", value);
  }
}
