package io.stagecoach.schedule;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * For every executor the ordered list of its actions in a step. Pure data: {@link #text()} prints
 * it, {@link #parse} reads it back.
 *
 * @param name what the schedule is called, without blanks
 * @param stages how many stages there are, those of all {@link Replicated replicas} counted
 * @param microBatches how many micro-batches make a step, those of all replicas counted
 * @param passes which passes it makes
 * @param executors the actions of each executor, in order
 */
public record Schedule(
    String name, int stages, int microBatches, Passes passes, List<List<Action>> executors)
    implements Serializable {

  public Schedule {
    if (name.isEmpty() || name.contains(" ")) {
      throw new IllegalArgumentException("a schedule named '" + name + "'");
    }
    if (stages < 1 || microBatches < 1) {
      throw new IllegalArgumentException(stages + " stages, " + microBatches + " micro-batches");
    }
    executors = executors.stream().map(List::copyOf).toList();
  }

  /** Which executor a stage is on: where it first acts. */
  public int executorOf(int stage) {
    for (int e = 0; e < executors.size(); e++) {
      if (executors.get(e).stream().anyMatch(action -> action.stage() == stage)) {
        return e;
      }
    }
    throw new IllegalArgumentException("stage " + stage + " does nothing");
  }

  /** What one stage does, in order. */
  public List<Action> actionsOf(int stage) {
    return executors.stream().flatMap(List::stream).filter(a -> a.stage() == stage).toList();
  }

  /**
   * The most micro-batches that each stage has stashed at once: how many slots its module needs. A
   * micro-batch is stashed from its forward to the end of its backward pass, and in a schedule of
   * forward passes only during its forward pass.
   */
  public List<Integer> peakStash() {
    int[] stashed = new int[stages];
    int[] peak = new int[stages];
    for (List<Action> actions : executors) {
      for (Action action : actions) {
        int stage = action.stage();
        if (action instanceof Action.Forward) {
          stashed[stage]++;
          peak[stage] = Math.max(peak[stage], stashed[stage]);
        }
        boolean released =
            passes == Passes.FORWARD
                ? action instanceof Action.Forward
                : action instanceof Action.Backward || action instanceof Action.BackwardWeights;
        if (released) {
          stashed[stage]--;
        }
      }
    }
    List<Integer> result = new ArrayList<>(stages);
    for (int most : peak) {
      result.add(most);
    }
    return List.copyOf(result);
  }

  /** The text form: a line for the schedule, a line for each executor. */
  public String text() {
    StringBuilder text =
        new StringBuilder("schedule ")
            .append(name)
            .append(" stages ")
            .append(stages)
            .append(" micro-batches ")
            .append(microBatches)
            .append(" passes ")
            .append(passes.text())
            .append('\n');
    for (int e = 0; e < executors.size(); e++) {
      text.append(e).append(": ");
      text.append(executors.get(e).stream().map(Action::text).collect(Collectors.joining(" ")));
      text.append('\n');
    }
    return text.toString();
  }

  /**
   * Reads the text form. Blank lines and lines that begin with {@code #} are passed over.
   *
   * @throws io.stagecoach.error.StagecoachException CONFIGURATION, with line and column, where the
   *     text is not a schedule. Whether the schedule makes sense is the {@link ScheduleValidator}'s
   *     to say
   */
  public static Schedule parse(String text) {
    return ScheduleText.parse(text);
  }
}
