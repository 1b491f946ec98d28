package io.stagecoach.schedule;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Map;
import java.util.function.BiFunction;

/** Reads one line from left to right, and says where the text is wrong. */
final class TextCursor {

  /** Keeps every number within an {@code int}. */
  private static final int MOST_DIGITS = 9;

  private static final Map<String, BiFunction<Integer, Integer, Action>> ACTIONS =
      Map.of(
          "F", Action.Forward::new,
          "B", Action.Backward::new,
          "I", Action.BackwardInput::new,
          "W", Action.BackwardWeights::new,
          "SA", Action.SendActivations::new,
          "RA", Action.ReceiveActivations::new,
          "SG", Action.SendGradients::new,
          "RG", Action.ReceiveGradients::new);

  private final String line;
  private final int lineNumber;
  private int position;

  /**
   * @param lineNumber of the line in its text, from 1
   */
  TextCursor(String line, int lineNumber) {
    this.line = line;
    this.lineNumber = lineNumber;
  }

  Action action() {
    int start = position;
    while (position < line.length() && isLetter(line.charAt(position))) {
      position++;
    }
    String code = line.substring(start, position);
    BiFunction<Integer, Integer, Action> make = ACTIONS.get(code);
    if (make == null) {
      position = start;
      throw wrong("an action (F, B, I, W, SA, RA, SG or RG)");
    }
    int stage = number("a stage");
    expect(".");
    return make.apply(stage, number("a micro-batch"));
  }

  /** A number without a sign. */
  int number(String what) {
    int start = position;
    while (position < line.length() && isDigit(line.charAt(position))) {
      position++;
    }
    if (position == start || position - start > MOST_DIGITS) {
      position = start;
      throw wrong("the number of " + what);
    }
    return Integer.parseInt(line.substring(start, position));
  }

  /** A number above 0. */
  int positive(String what) {
    int start = position;
    int number = number(what);
    if (number == 0) {
      position = start;
      throw wrong("a number of " + what + " above 0");
    }
    return number;
  }

  /** Everything up to the next blank; at least one character. */
  String word(String what) {
    int start = position;
    while (position < line.length() && line.charAt(position) != ' ') {
      position++;
    }
    if (position == start) {
      throw wrong(what);
    }
    return line.substring(start, position);
  }

  void expect(String text) {
    if (!accept(text)) {
      throw wrong("'" + text + "'");
    }
  }

  /** Passes over this text if it comes next. */
  boolean accept(String text) {
    boolean next = line.startsWith(text, position);
    if (next) {
      position += text.length();
    }
    return next;
  }

  /** Skips blanks; true if something follows. */
  boolean more() {
    while (position < line.length() && line.charAt(position) == ' ') {
      position++;
    }
    return position < line.length();
  }

  /** A blank, or the end. */
  void gap() {
    if (position < line.length() && line.charAt(position) != ' ') {
      throw wrong("a blank");
    }
  }

  void end() {
    if (position < line.length()) {
      throw wrong("nothing more");
    }
  }

  /** The error of something else standing here. */
  StagecoachException wrong(String expected) {
    return new StagecoachException(
        ErrorKind.CONFIGURATION,
        "A schedule's text has '"
            + line.substring(position)
            + "' at line "
            + lineNumber
            + ", column "
            + (position + 1)
            + ", where "
            + expected
            + " is expected",
        "An action is written F0.3 or RA1.2: what, stage, point, micro-batch.");
  }

  private static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
