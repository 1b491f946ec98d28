package io.stagecoach.spark.score;

/** One output of a network for one example. */
public final class ExampleOutput {

  private final double[] values;
  private final int timeSteps;

  /**
   * @param values the numbers, [values, timeSteps]: those of one value after another
   * @param timeSteps how many time steps there are; 1 where there is no time
   */
  ExampleOutput(double[] values, int timeSteps) {
    this.values = values;
    this.timeSteps = timeSteps;
  }

  /** How many time steps there are; 1 where there is no time. */
  public int timeSteps() {
    return timeSteps;
  }

  /** The numbers of a time step. */
  public double[] at(int timeStep) {
    double[] some = new double[values.length / timeSteps];
    for (int i = 0; i < some.length; i++) {
      some[i] = values[i * timeSteps + timeStep];
    }
    return some;
  }

  /** The place of the largest number of a time step, the first of equals. */
  public int largest(int timeStep) {
    double[] some = at(timeStep);
    int largest = 0;
    for (int i = 1; i < some.length; i++) {
      if (some[i] > some[largest]) {
        largest = i;
      }
    }
    return largest;
  }
}
