package io.stagecoach.spark.job.retrain;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a run of an interval did, as it is kept beside the candidate.
 *
 * @param interval the interval
 * @param attempt which of its attempts, from 1
 * @param decision {@code promoted}, {@code refused}, {@code nothing_new} or {@code failed}
 * @param reason why, in a sentence
 * @param metric what was compared
 * @param margin by how much the candidate had to be better
 * @param tolerance how much worse it might be on earlier data, as a share of the error
 * @param data what it was trained on: source, kind, id
 * @param heldOut what it was measured on
 * @param candidate the candidate; null where there is none
 * @param accepted the model that was accepted before; null where there was none
 * @param settings the settings that training depends on
 * @param versions of the programs
 * @param began when the attempt's last process began
 * @param ended when it was decided
 * @param seconds the time between
 */
public record RetrainRecord(
    String interval,
    int attempt,
    String decision,
    String reason,
    String metric,
    double margin,
    double tolerance,
    Map<String, String> data,
    Map<String, String> heldOut,
    Model candidate,
    Model accepted,
    Map<String, String> settings,
    Map<String, String> versions,
    String began,
    String ended,
    double seconds) {

  /** The candidate is accepted. */
  public static final String PROMOTED = "promoted";

  /** The candidate is not. */
  public static final String REFUSED = "refused";

  /** The interval has no rows. */
  public static final String NOTHING_NEW = "nothing_new";

  /** There was an error. */
  public static final String FAILED = "failed";

  /**
   * A model and what it measured. What is not a finite number is null.
   *
   * @param ref which it is
   * @param metrics on the held-out data, by name
   * @param earlierMetrics on the data that the accepted model was accepted on; empty where that was
   *     not looked at
   */
  public record Model(
      ModelRef ref, Map<String, Double> metrics, Map<String, Double> earlierMetrics) {

    public Model {
      metrics = finite(metrics);
      earlierMetrics = finite(earlierMetrics);
    }

    private static Map<String, Double> finite(Map<String, Double> metrics) {
      Map<String, Double> finite = new LinkedHashMap<>();
      metrics.forEach(
          (name, value) ->
              finite.put(name, value != null && Double.isFinite(value) ? value : null));
      return Collections.unmodifiableMap(finite);
    }
  }

  /** Whether there is no more to do for the interval: it has a candidate that was decided on. */
  boolean isResult() {
    return decision.equals(PROMOTED) || decision.equals(REFUSED);
  }
}
