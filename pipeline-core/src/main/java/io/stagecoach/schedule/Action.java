package io.stagecoach.schedule;

import java.io.Serializable;

/**
 * One thing that an executor does in a step. Prints and parses as text: {@code F0.3} is the forward
 * pass of micro-batch 3 in stage 0, {@code B} the backward pass, or its two halves {@code I} and
 * {@code W}; {@code SA}, {@code RA} send and receive activations, {@code SG}, {@code RG} send and
 * receive their gradients. The stage is always the one that acts: {@code SA0.3} on one executor is
 * met by {@code RA1.3} on another.
 */
public sealed interface Action extends Serializable {

  /** The stage that acts, from 0. */
  int stage();

  /** The micro-batch within the step, from 0. */
  int microBatch();

  /** The letters before the stage. */
  String code();

  /** The text form. */
  default String text() {
    return code() + stage() + "." + microBatch();
  }

  /** The same action of another stage on another micro-batch, so far behind these. */
  default Action shifted(int stages, int microBatches) {
    int stage = stage() + stages;
    int microBatch = microBatch() + microBatches;
    return switch (code()) {
      case "F" -> new Forward(stage, microBatch);
      case "B" -> new Backward(stage, microBatch);
      case "I" -> new BackwardInput(stage, microBatch);
      case "W" -> new BackwardWeights(stage, microBatch);
      case "SA" -> new SendActivations(stage, microBatch);
      case "RA" -> new ReceiveActivations(stage, microBatch);
      case "SG" -> new SendGradients(stage, microBatch);
      case "RG" -> new ReceiveGradients(stage, microBatch);
      default -> throw new IllegalStateException("no action " + code());
    };
  }

  /** Whether the device computes in it, rather than waits or carries. */
  default boolean isCompute() {
    return this instanceof Forward
        || this instanceof Backward
        || this instanceof BackwardInput
        || this instanceof BackwardWeights;
  }

  /**
   * Reads the text form.
   *
   * @throws io.stagecoach.error.StagecoachException CONFIGURATION, with the column, where the text
   *     is not an action
   */
  static Action parse(String text) {
    TextCursor cursor = new TextCursor(text, 1);
    Action action = cursor.action();
    cursor.end();
    return action;
  }

  /** Forward pass. */
  record Forward(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "F";
    }
  }

  /** Backward pass: gradients of inputs and of parameters. */
  record Backward(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "B";
    }
  }

  /** The first half of a split backward pass: gradients of the inputs. */
  record BackwardInput(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "I";
    }
  }

  /** The second half of a split backward pass: gradients of the parameters. */
  record BackwardWeights(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "W";
    }
  }

  /** Activations go to the stage after this one. */
  record SendActivations(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "SA";
    }
  }

  /** Activations come from the stage before this one. */
  record ReceiveActivations(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "RA";
    }
  }

  /** Gradients of the activations go to the stage before this one. */
  record SendGradients(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "SG";
    }
  }

  /** Gradients of the activations come from the stage after this one. */
  record ReceiveGradients(int stage, int microBatch) implements Action {
    @Override
    public String code() {
      return "RG";
    }
  }
}
