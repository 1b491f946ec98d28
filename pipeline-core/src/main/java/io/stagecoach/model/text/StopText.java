package io.stagecoach.model.text;

import java.util.List;

/**
 * Ends a text where one of some texts begins, as it comes piece by piece. What may be the beginning
 * of a stop text is held back until it is known whether it is one. Not for use by several threads.
 */
public final class StopText {

  private final List<String> stops;
  private String held = "";
  private boolean reached;

  /**
   * @param stops the texts that end a text and are no part of it; empty ones do not count
   */
  public StopText(List<String> stops) {
    this.stops = stops.stream().filter(stop -> !stop.isEmpty()).toList();
  }

  /** What is certain of the text after this piece, behind what was given out before. */
  public String next(String piece) {
    if (reached) {
      return "";
    }
    String text = held + piece;
    int first = text.length();
    for (String stop : stops) {
      int at = text.indexOf(stop);
      if (at >= 0 && at < first) {
        first = at;
        reached = true;
      }
    }
    int certain = reached ? first : text.length() - beginningOfAStop(text);
    held = reached ? "" : text.substring(certain);
    return text.substring(0, certain);
  }

  /** How many of the last characters may be the beginning of a stop text. */
  private int beginningOfAStop(String text) {
    int longest = 0;
    for (String stop : stops) {
      for (int length = Math.min(stop.length() - 1, text.length()); length > longest; length--) {
        if (text.endsWith(stop.substring(0, length))) {
          longest = length;
        }
      }
    }
    return longest;
  }

  /** The text is at its end: what was held back. */
  public String end() {
    String rest = held;
    held = "";
    return rest;
  }

  /** Whether a stop text was met. */
  public boolean reached() {
    return reached;
  }
}
