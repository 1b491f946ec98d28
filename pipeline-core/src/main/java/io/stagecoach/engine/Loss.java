package io.stagecoach.engine;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What the last stage says of the labels that it has seen; sums, so that micro-batches add up.
 *
 * @param sum the loss, summed over examples and time steps, not divided by anything, regularisation
 *     not included
 * @param examples how many examples (rows) the sum is over
 * @param timeSteps how many label vectors counted: unmasked time steps, or unmasked examples where
 *     there is no time axis
 * @param confusion row-major counts [actual class, predicted class], empty where the output is not
 *     a class distribution or the step trains
 */
public record Loss(double sum, long examples, long timeSteps, List<Long> confusion)
    implements Serializable {

  public Loss {
    confusion = List.copyOf(confusion);
  }

  /** Nothing seen. */
  public static Loss none() {
    return new Loss(0, 0, 0, List.of());
  }

  /**
   * Both. Sums are added in the order of the calls, which callers keep ascending by micro-batch.
   */
  public Loss plus(Loss other) {
    List<Long> counts = confusion.isEmpty() ? other.confusion : confusion;
    if (!confusion.isEmpty() && !other.confusion.isEmpty()) {
      counts = new ArrayList<>(confusion.size());
      for (int i = 0; i < confusion.size(); i++) {
        counts.add(confusion.get(i) + other.confusion.get(i));
      }
    }
    return new Loss(
        sum + other.sum, examples + other.examples, timeSteps + other.timeSteps, counts);
  }
}
