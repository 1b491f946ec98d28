package io.stagecoach.spark.job;

import io.stagecoach.spark.job.outcome.RunFigures;
import java.util.function.UnaryOperator;

/** What is known of a run so far, so that a failure can say it too. One thread writes it. */
final class RunRecord {

  private RunFigures figures = RunFigures.unknown();

  RunFigures figures() {
    return figures;
  }

  void update(UnaryOperator<RunFigures> change) {
    figures = change.apply(figures);
  }
}
