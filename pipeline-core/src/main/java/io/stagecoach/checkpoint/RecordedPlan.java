package io.stagecoach.checkpoint;

import java.util.List;

/**
 * How the run that wrote a checkpoint went. Only the number of micro-batches binds whoever goes on.
 *
 * @param cut the first layer of each stage
 * @param microBatches into how many micro-batches a mini-batch is cut
 * @param schedule the schedule's name
 * @param exchange what carried the hops
 * @param reasons what the run chose by itself, and why
 */
public record RecordedPlan(
    List<Integer> cut, int microBatches, String schedule, String exchange, List<String> reasons) {

  public RecordedPlan {
    cut = List.copyOf(cut);
    reasons = List.copyOf(reasons);
  }
}
