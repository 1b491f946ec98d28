package io.stagecoach.schedule;

import java.util.ArrayList;
import java.util.List;

/** Forward passes and nothing else: evaluation. */
public final class ForwardOnly extends StageAuthor {

  @Override
  public String name() {
    return "forward";
  }

  @Override
  public Passes passes() {
    return Passes.FORWARD;
  }

  @Override
  List<Action> stage(int stage, int stages, int microBatches) {
    List<Action> actions = new ArrayList<>();
    for (int m = 0; m < microBatches; m++) {
      actions.add(new Action.Forward(stage, m));
    }
    return actions;
  }
}
