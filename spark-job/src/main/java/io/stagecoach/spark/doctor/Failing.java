package io.stagecoach.spark.doctor;

import io.stagecoach.error.StagecoachException;
import java.util.concurrent.Callable;

/** A check that cannot do its work has found something, too. */
final class Failing {

  private Failing() {}

  static Finding asFinding(Callable<Finding> check) {
    try {
      return check.call();
    } catch (StagecoachException e) {
      return new Finding.Trouble(e.what(), e.remedy());
    } catch (Exception | LinkageError e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      return new Finding.Trouble(
          "could not be checked: " + e, "The log of that process says more.");
    }
  }
}
