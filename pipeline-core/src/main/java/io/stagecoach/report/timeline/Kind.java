package io.stagecoach.report.timeline;

import io.stagecoach.schedule.Action;

/** What sort of action it is, with its colour: told apart also by those who see few colours. */
enum Kind {
  FORWARD("forward", "#4477aa"),
  BACKWARD("backward", "#ee8866"),
  INPUT("backward, inputs", "#ddaa33"),
  WEIGHTS("backward, weights", "#44bb99"),
  CARRY("carry", "#999999");

  private final String word;
  private final String colour;

  Kind(String word, String colour) {
    this.word = word;
    this.colour = colour;
  }

  static Kind of(Action action) {
    return switch (action.code()) {
      case "F" -> FORWARD;
      case "B" -> BACKWARD;
      case "I" -> INPUT;
      case "W" -> WEIGHTS;
      default -> CARRY;
    };
  }

  String word() {
    return word;
  }

  String colour() {
    return colour;
  }
}
