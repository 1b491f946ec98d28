package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;

/**
 * A schedule as a grid for the eye: a row for each executor, a column for each tick, in which every
 * pass takes one tick and hops take none. Draws schedules that are wrong as well: what waits for
 * ever is set where it would stand if it did not.
 */
public final class ScheduleGrid {

  private static final int WIDTH = 100;

  private final Schedule schedule;
  private final Optional<Fault> fault;
  private final List<Map<Integer, String>> rows = new ArrayList<>();
  private final Map<Action, Integer> endOf = new HashMap<>();
  private final Set<Action> split = new HashSet<>();
  private final int[] next;
  private final int[] tick;
  private int markedTick;

  private ScheduleGrid(Schedule schedule, Optional<Fault> fault) {
    this.schedule = schedule;
    this.fault = fault;
    int executors = schedule.executors().size();
    next = new int[executors];
    tick = new int[executors];
    for (int e = 0; e < executors; e++) {
      rows.add(new HashMap<>());
    }
    for (List<Action> actions : schedule.executors()) {
      for (Action action : actions) {
        if (action instanceof Action.BackwardInput) {
          split.add(new Action.Backward(action.stage(), action.microBatch()));
        }
      }
    }
    place();
  }

  /** The grid; where it is wider than a screen, its beginning. */
  public static String draw(Schedule schedule) {
    return new ScheduleGrid(schedule, Optional.empty()).text();
  }

  /** The grid around a fault, which stands between {@code >} and {@code <}. */
  static String draw(Schedule schedule, Fault fault) {
    return new ScheduleGrid(schedule, Optional.of(fault)).text();
  }

  private void place() {
    int unfinished = rows.size();
    while (unfinished > 0) {
      boolean progress = false;
      unfinished = 0;
      int waiting = -1;
      for (int e = 0; e < rows.size(); e++) {
        while (hasNext(e) && !waits(e)) {
          placeNext(e);
          progress = true;
        }
        if (hasNext(e)) {
          unfinished++;
          waiting = waiting < 0 ? e : waiting;
        }
      }
      if (!progress && waiting >= 0) {
        placeNext(waiting);
      }
    }
    fault.ifPresent(this::placeMissing);
  }

  private boolean hasNext(int executor) {
    return next[executor] < schedule.executors().get(executor).size();
  }

  private boolean waits(int executor) {
    Action action = schedule.executors().get(executor).get(next[executor]);
    return dependency(action).filter(other -> !endOf.containsKey(other)).isPresent();
  }

  /** What another executor must have done. */
  private Optional<Action> dependency(Action action) {
    int stage = action.stage();
    if (action instanceof Action.ReceiveActivations
        || (action instanceof Action.Forward && stage > 0)) {
      return Optional.of(new Action.Forward(stage - 1, action.microBatch()));
    } else if (action instanceof Action.ReceiveGradients
        || ((action instanceof Action.Backward || action instanceof Action.BackwardInput)
            && stage < schedule.stages() - 1)) {
      Action whole = new Action.Backward(stage + 1, action.microBatch());
      return Optional.of(
          split.contains(whole) ? new Action.BackwardInput(stage + 1, action.microBatch()) : whole);
    }
    return Optional.empty();
  }

  private void placeNext(int executor) {
    int index = next[executor]++;
    Action action = schedule.executors().get(executor).get(index);
    int start =
        Math.max(tick[executor], dependency(action).map(d -> endOf.getOrDefault(d, 0)).orElse(0));
    boolean marked = fault.filter(f -> f.executor() == executor && f.index() == index).isPresent();
    if (action.isCompute() || marked) {
      put(executor, start, marked ? mark(action.text()) : action.text());
      markedTick = marked ? start : markedTick;
      start++;
    }
    tick[executor] = start;
    endOf.putIfAbsent(action, start);
  }

  private void placeMissing(Fault missing) {
    int executor = missing.executor();
    if (executor < rows.size() && missing.index() >= schedule.executors().get(executor).size()) {
      markedTick = tick[executor];
      put(executor, markedTick, mark("no " + missing.action().text()));
    }
  }

  private void put(int executor, int column, String cell) {
    rows.get(executor).put(column, cell);
  }

  private static String mark(String text) {
    return ">" + text + "<";
  }

  private String text() {
    int columns = 1;
    int cell = 1;
    int label = "time".length();
    for (int e = 0; e < rows.size(); e++) {
      label = Math.max(label, label(e).length());
      for (Map.Entry<Integer, String> entry : rows.get(e).entrySet()) {
        columns = Math.max(columns, entry.getKey() + 1);
        cell = Math.max(cell, entry.getValue().length());
      }
    }
    int shown = Math.min(columns, Math.max(1, (WIDTH - label) / (cell + 1)));
    int first = Math.max(0, Math.min(markedTick - shown / 2, columns - shown));
    StringBuilder text = new StringBuilder();
    row(text, pad("time", label), first, shown, cell, Integer::toString);
    for (int e = 0; e < rows.size(); e++) {
      Map<Integer, String> cells = rows.get(e);
      row(text, pad(label(e), label), first, shown, cell, c -> cells.getOrDefault(c, "."));
    }
    return text.toString();
  }

  private static void row(
      StringBuilder text, String label, int first, int shown, int width, IntFunction<String> cell) {
    text.append(label);
    for (int c = first; c < first + shown; c++) {
      text.append(' ').append(pad(cell.apply(c), width));
    }
    int end = text.length();
    while (text.charAt(end - 1) == ' ') {
      end--;
    }
    text.setLength(end);
    text.append('\n');
  }

  private String label(int executor) {
    TreeSet<Integer> stages = new TreeSet<>();
    schedule.executors().get(executor).forEach(action -> stages.add(action.stage()));
    StringBuilder label = new StringBuilder("stage");
    String separator = " ";
    for (int stage : stages) {
      label.append(separator).append(stage);
      separator = "+";
    }
    return label.toString();
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(width - text.length());
  }
}
