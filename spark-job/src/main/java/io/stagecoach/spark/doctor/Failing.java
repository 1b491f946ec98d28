package io.stagecoach.spark.doctor;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.concurrent.Callable;

/** A check that cannot do its work has found something, too. */
final class Failing {

  private Failing() {}

  /**
   * What an error says.
   *
   * @throws StagecoachException the error itself, where it is that the doctor is told to stop
   */
  static Finding found(StagecoachException error) {
    if (error.kind() == ErrorKind.INTERRUPTED) {
      throw error;
    }
    return new Finding.Trouble(error.what(), error.remedy());
  }

  /**
   * What a check has found, or what kept it from its work.
   *
   * @throws StagecoachException where the doctor is told to stop
   */
  static Finding asFinding(Callable<Finding> check) {
    try {
      return check.call();
    } catch (StagecoachException e) {
      return found(e);
    } catch (Exception | LinkageError e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      return new Finding.Trouble(
          "could not be checked: " + e, "The log of that process says more.");
    }
  }
}
