package io.stagecoach.spark.cluster;

import java.time.Duration;

/**
 * How far a run goes on after executors were lost.
 *
 * @param attempts how many times a step may be run again; 0 for never
 * @param perHour how many times in any hour steps may be run again
 * @param replacement how long a lost executor's replacement is waited for
 * @param leastExecutors with how many executors the pipeline may go on where lost ones are not
 *     replaced in that time, several of its stages on one
 */
public record Recovery(int attempts, int perHour, Duration replacement, int leastExecutors) {

  public Recovery {
    if (attempts < 0 || perHour < 0 || leastExecutors < 1) {
      throw new IllegalArgumentException(
          attempts + " attempts, " + perHour + " an hour, " + leastExecutors + " executors");
    }
  }
}
