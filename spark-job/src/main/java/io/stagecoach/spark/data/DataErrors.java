package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.util.concurrent.Callable;

/** Makes errors of the data typed, wherever Spark or the file system found them. */
final class DataErrors {

  private DataErrors() {}

  static StagecoachException data(String what, String remedy) {
    return new StagecoachException(ErrorKind.DATA, what, remedy);
  }

  static StagecoachException data(String what, String remedy, Throwable cause) {
    return new StagecoachException(ErrorKind.DATA, what, Where.nowhere(), remedy, cause);
  }

  /**
   * Runs what reads data.
   *
   * @param failing what to say where it fails, such as "the data at x cannot be read"
   * @throws StagecoachException the typed error that a task threw, if one did; else of kind DATA
   *     with the first line of the first cause
   */
  static <T> T whileDoing(String failing, Callable<T> reading) {
    try {
      return reading.call();
    } catch (StagecoachException typed) {
      throw typed;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, failing, Where.nowhere(), "", interrupted);
    } catch (Exception failure) {
      Throwable first = failure;
      while (first.getCause() != null && !(first instanceof StagecoachException)) {
        first = first.getCause();
      }
      if (first instanceof StagecoachException typed) {
        throw typed;
      }
      String message = first.getMessage() == null ? first.toString() : first.getMessage();
      throw data(failing + ": " + message.lines().findFirst().orElse(""), "", failure);
    }
  }
}
