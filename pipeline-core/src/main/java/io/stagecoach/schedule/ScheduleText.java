package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;

/** Reads the text form of a schedule, a line at a time. */
final class ScheduleText {

  private String name;
  private int stages;
  private int microBatches;
  private Passes passes;
  private final List<List<Action>> executors = new ArrayList<>();

  private ScheduleText() {}

  static Schedule parse(String text) {
    ScheduleText schedule = new ScheduleText();
    int lineNumber = 0;
    for (String line : text.lines().map(String::stripTrailing).toList()) {
      lineNumber++;
      if (!line.isEmpty() && !line.startsWith("#")) {
        schedule.line(new TextCursor(line, lineNumber));
      }
    }
    if (schedule.name == null) {
      throw new TextCursor("", lineNumber + 1).wrong("'schedule'");
    }
    return new Schedule(
        schedule.name, schedule.stages, schedule.microBatches, schedule.passes, schedule.executors);
  }

  private void line(TextCursor cursor) {
    if (name == null) {
      heading(cursor);
    } else {
      executor(cursor);
    }
  }

  private void heading(TextCursor cursor) {
    cursor.expect("schedule ");
    name = cursor.word("a name");
    cursor.expect(" stages ");
    stages = cursor.positive("stages");
    cursor.expect(" micro-batches ");
    microBatches = cursor.positive("micro-batches");
    cursor.expect(" passes ");
    passes = passes(cursor);
    cursor.end();
  }

  private static Passes passes(TextCursor cursor) {
    // The longer word first: the shorter is its beginning.
    for (Passes candidate : List.of(Passes.FORWARD_AND_BACKWARD, Passes.FORWARD)) {
      if (cursor.accept(candidate.text())) {
        return candidate;
      }
    }
    throw cursor.wrong("'forward' or 'forward-and-backward'");
  }

  private void executor(TextCursor cursor) {
    cursor.expect(executors.size() + ":");
    List<Action> actions = new ArrayList<>();
    while (cursor.more()) {
      actions.add(cursor.action());
      cursor.gap();
    }
    executors.add(actions);
  }
}
