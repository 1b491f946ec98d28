package io.stagecoach.spark.job.outcome;

/**
 * The figures that a run ends with. What is not known, because the run failed before or the command
 * has no such thing, is {@code NaN}, {@code -1} or the empty text.
 *
 * @param steps steps committed
 * @param epochs epochs completed
 * @param loss the last step's mean loss
 * @param validationLoss the mean loss over the validation share
 * @param examplesPerSecond examples trained on per second, over the whole run
 * @param bubbleMeasured the share of a step in which the executors waited, 0 to 1
 * @param bubbleExpected what the simulator said of it, given the measured stage times
 * @param stages the number of stages
 * @param exchange what carried the hops
 * @param model where the model was written to, or read from
 */
public record RunFigures(
    long steps,
    int epochs,
    double loss,
    double validationLoss,
    double examplesPerSecond,
    double bubbleMeasured,
    double bubbleExpected,
    int stages,
    String exchange,
    String model) {

  private static final RunFigures UNKNOWN =
      new RunFigures(
          -1, -1, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, -1, "", "");

  /** Nothing is known yet. */
  public static RunFigures unknown() {
    return UNKNOWN;
  }

  /** These figures, of a pipeline of so many stages and with such an exchange. */
  public RunFigures pipeline(int stageCount, String exchangeName) {
    return new RunFigures(
        steps,
        epochs,
        loss,
        validationLoss,
        examplesPerSecond,
        bubbleMeasured,
        bubbleExpected,
        stageCount,
        exchangeName,
        model);
  }

  /** These figures, after so many steps. */
  public RunFigures trained(long stepCount, int epochCount, double lastLoss, double rate) {
    return new RunFigures(
        stepCount,
        epochCount,
        lastLoss,
        validationLoss,
        rate,
        bubbleMeasured,
        bubbleExpected,
        stages,
        exchange,
        model);
  }

  /** These figures, with what validation found. */
  public RunFigures validated(double lossOfValidation) {
    return new RunFigures(
        steps,
        epochs,
        loss,
        lossOfValidation,
        examplesPerSecond,
        bubbleMeasured,
        bubbleExpected,
        stages,
        exchange,
        model);
  }

  /** These figures, with the shares of waiting, 0 to 1. */
  public RunFigures bubble(double measured, double expected) {
    return new RunFigures(
        steps,
        epochs,
        loss,
        validationLoss,
        examplesPerSecond,
        measured,
        expected,
        stages,
        exchange,
        model);
  }

  /** These figures, of a model at a path. */
  public RunFigures model(String path) {
    return new RunFigures(
        steps,
        epochs,
        loss,
        validationLoss,
        examplesPerSecond,
        bubbleMeasured,
        bubbleExpected,
        stages,
        exchange,
        path);
  }
}
