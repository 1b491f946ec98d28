package io.stagecoach.plan;

import java.util.Locale;
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

    /** Behind a number of executors, for people. */
    String phrase();
  }

  /**
   * A kind of device, on any machine.
   *
   * @param device what the stage is to compute on
   */
  public record Kind(DeviceKind device) implements Target {

    public Kind {
      Objects.requireNonNull(device, "device");
    }

    @Override
    public String words() {
      return device.word();
    }

    @Override
    public String phrase() {
      return "that " + device.phrase();
    }
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

    /** As it is compared with others. */
    public static Host inLowerCase(String name) {
      return new Host(name.toLowerCase(Locale.ROOT));
    }

    @Override
    public String words() {
      return name;
    }

    @Override
    public String phrase() {
      return "on " + name;
    }
  }

  /** As a person writes it. */
  public String words() {
    return stage + ":" + target.words();
  }
}
