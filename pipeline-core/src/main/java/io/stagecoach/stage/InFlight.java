package io.stagecoach.stage;

import io.stagecoach.tensor.Tensors;

/**
 * Owns every tensor that a step has between two actions, so that an abandoned step leaks nothing.
 * Each cell is filled once and taken once.
 */
final class InFlight implements AutoCloseable {

  private final Cells receivedActivations;
  private final Cells stash;
  private final Cells outputs;
  private final Cells receivedGradients;
  private final Cells inputGradients;

  InFlight(int microBatches) {
    receivedActivations = new Cells("received activations", microBatches);
    stash = new Cells("stash", microBatches);
    outputs = new Cells("outputs", microBatches);
    receivedGradients = new Cells("received gradients", microBatches);
    inputGradients = new Cells("input gradients", microBatches);
  }

  void holdReceivedActivations(int microBatch, Tensors tensors) {
    receivedActivations.put(microBatch, tensors);
  }

  /** None where the stage is the first. */
  Tensors takeReceivedActivations(int microBatch) {
    return receivedActivations.takeOrNone(microBatch);
  }

  void stash(int microBatch, Tensors tensors) {
    stash.put(microBatch, tensors);
  }

  void dropStash(int microBatch) {
    stash.takeOrNone(microBatch).close();
  }

  int stashed() {
    return stash.count();
  }

  void holdOutputs(int microBatch, Tensors tensors) {
    outputs.put(microBatch, tensors);
  }

  Tensors takeOutputs(int microBatch) {
    return outputs.take(microBatch);
  }

  /** None where they were sent. */
  Tensors takeLeftOutputs(int microBatch) {
    return outputs.takeOrNone(microBatch);
  }

  void holdReceivedGradients(int microBatch, Tensors tensors) {
    receivedGradients.put(microBatch, tensors);
  }

  /** None where the stage is the last. */
  Tensors takeReceivedGradients(int microBatch) {
    return receivedGradients.takeOrNone(microBatch);
  }

  void holdInputGradients(int microBatch, Tensors tensors) {
    inputGradients.put(microBatch, tensors);
  }

  Tensors takeInputGradients(int microBatch) {
    return inputGradients.take(microBatch);
  }

  @Override
  public void close() {
    receivedActivations.close();
    stash.close();
    outputs.close();
    receivedGradients.close();
    inputGradients.close();
  }

  private static final class Cells {
    private final String what;
    private final Tensors[] cells;
    private int count;

    Cells(String what, int size) {
      this.what = what;
      this.cells = new Tensors[size];
    }

    void put(int microBatch, Tensors tensors) {
      if (cells[microBatch] != null) {
        tensors.close();
        throw new IllegalStateException(
            what + " of micro-batch " + microBatch + " is there already");
      }
      cells[microBatch] = tensors;
      count++;
    }

    Tensors takeOrNone(int microBatch) {
      Tensors tensors = cells[microBatch];
      if (tensors == null) {
        return Tensors.none();
      }
      cells[microBatch] = null;
      count--;
      return tensors;
    }

    Tensors take(int microBatch) {
      if (cells[microBatch] == null) {
        throw new IllegalStateException(what + " of micro-batch " + microBatch + " is not there");
      }
      return takeOrNone(microBatch);
    }

    int count() {
      return count;
    }

    void close() {
      for (int i = 0; i < cells.length; i++) {
        takeOrNone(i).close();
      }
    }
  }
}
