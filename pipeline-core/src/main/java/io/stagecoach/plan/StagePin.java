package io.stagecoach.plan;

import java.util.Objects;

/**
 * Where somebody wants a stage.
 *
 * @param stage the place of its executor in a replica of the pipeline, from 0
 * @param target on what it is to be
 */
public record StagePin(int stage, Target target) {

  public StagePin {
    Objects.requireNonNull(target, "target");
    if (stage < 0) {
      throw new IllegalArgumentException("stage " + stage);
    }
  }

  /** What a stage can be wanted on. */
  public sealed interface Target {

    /** As a person writes it. */
    String words();
  }

  /**
   * A machine.
   *
   * @param name as the cluster names it, letters' case aside
   */
  public record Host(String name) implements Target {

    public Host {
      Objects.requireNonNull(name, "name");
      if (name.isBlank()) {
        throw new IllegalArgumentException("a host without a name");
      }
    }

    @Override
    public String words() {
      return name;
    }
  }

  /** As a person writes it. */
  public String words() {
    return stage + ":" + target.words();
  }
}
