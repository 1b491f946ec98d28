package io.stagecoach.spark.ui;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.report.StepRecord;
import java.util.Map;
import java.util.Optional;

/**
 * Whoever keeps a run's settings and figures beside those of other runs, for good. A run neither
 * waits for it nor fails because of it.
 */
public sealed interface RunTracking extends AutoCloseable permits MlflowTracking, NoTracking {

  /** How a run has ended. */
  enum End {
    /** As it should. */
    FINISHED,
    /** By an error. */
    FAILED,
    /** Because it was asked to stop. */
    KILLED
  }

  /**
   * Tracking by an MLflow server, or none.
   *
   * @param server where the server is; empty for no tracking
   * @param experiment the name under which the server keeps the run with others
   * @throws StagecoachException CONFIGURATION where MLflow's client is not on the class path
   */
  static RunTracking of(Optional<String> server, String experiment) {
    if (server.isEmpty()) {
      return new NoTracking();
    }
    try {
      Class.forName("org.mlflow.tracking.MlflowClient", false, RunTracking.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "spark.stagecoach.mlflow.trackingUri is set, but MLflow's client is not there",
          Where.nowhere(),
          "Start with --packages org.mlflow:mlflow-client:2.17.2, or remove the setting.",
          e);
    }
    return new MlflowTracking(server.get(), experiment);
  }

  /**
   * The run begins to train.
   *
   * @param name what it is called
   * @param params its settings
   * @param tags what else is known of it
   */
  void begins(String name, Map<String, String> params, Map<String, String> tags);

  /** A step has ended. */
  void stepEnded(StepRecord step);

  /**
   * The validation examples were measured.
   *
   * @param step the next step
   * @param measures by name
   */
  void validated(long step, Map<String, Double> measures);

  /**
   * The run has ended; nothing where it had not begun.
   *
   * @param tags what is known of it now
   */
  void ends(End end, Map<String, String> tags);

  /** Waits a little until all is sent. */
  @Override
  void close();
}
