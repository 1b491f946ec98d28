package io.stagecoach.spark.job.retrain;

import java.util.Map;
import java.util.Optional;

/**
 * What a candidate and the accepted model measure on the same examples.
 *
 * @param data what the candidate was trained on
 * @param heldOut what both were measured on
 * @param candidate the candidate's measures on the held-out data, by name
 * @param accepted the accepted model's; empty where there is none yet
 * @param earlier the measures of both on what the accepted model was accepted on; empty where there
 *     is no accepted model, or the held-out data does not come from the interval
 */
public record Measured(
    Map<String, String> data,
    Map<String, String> heldOut,
    Map<String, Double> candidate,
    Optional<Map<String, Double>> accepted,
    Optional<Pair> earlier) {

  /**
   * The measures of both models on the same examples.
   *
   * @param candidate the candidate's, by name
   * @param accepted the accepted model's
   */
  public record Pair(Map<String, Double> candidate, Map<String, Double> accepted) {}
}
