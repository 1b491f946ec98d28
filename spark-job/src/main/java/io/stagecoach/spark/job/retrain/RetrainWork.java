package io.stagecoach.spark.job.retrain;

import java.util.Map;
import java.util.Optional;

/** What retraining has done for it on the data of its interval. */
public interface RetrainWork {

  /** Why there is nothing to train on; empty where there is something. */
  Optional<String> nothingNew();

  /** The settings that training depends on, by key. */
  Map<String, String> settings();

  /** The versions of the programs that do it, by name. */
  Map<String, String> versions();

  /** Whether a whole model is there. */
  boolean isTrained(String path);

  /**
   * Trains a candidate, going on with an interrupted training to the same path.
   *
   * @param path its output directory, which appears whole
   * @param from the model to go on from; by default the one that the settings name
   */
  void train(String path, Optional<String> from);

  /**
   * Measures the candidate and the accepted model on the same examples.
   *
   * @param candidate the candidate's output directory
   * @param accepted the accepted model's
   */
  Measured measure(String candidate, Optional<AcceptedModel> accepted);

  /**
   * The accepted model.
   *
   * @param path its output directory
   * @param interval the interval that it was accepted on
   */
  record AcceptedModel(String path, IntervalKey interval) {}
}
