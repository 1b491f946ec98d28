package io.stagecoach.schedule;

/**
 * Numbers the directed links between neighbouring stages, and the messages on them: a send and the
 * receive that it is for have the same number.
 */
record Links(int stages, int microBatches) {

  int count() {
    return 2 * (stages - 1);
  }

  int messages() {
    return count() * microBatches;
  }

  /** The link of a send or a receive. */
  int link(Action action) {
    int stage = action.stage();
    if (action instanceof Action.SendActivations) {
      return 2 * stage;
    } else if (action instanceof Action.ReceiveActivations) {
      return 2 * (stage - 1);
    } else if (action instanceof Action.SendGradients) {
      return 2 * (stage - 1) + 1;
    } else if (action instanceof Action.ReceiveGradients) {
      return 2 * stage + 1;
    }
    throw new IllegalArgumentException(action.text() + " passes nothing");
  }

  int message(Action action) {
    return link(action) * microBatches + action.microBatch();
  }

  static boolean isSend(Action action) {
    return action instanceof Action.SendActivations || action instanceof Action.SendGradients;
  }
}
