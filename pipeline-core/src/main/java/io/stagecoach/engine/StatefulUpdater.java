package io.stagecoach.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/** An updater whose weights and state can be taken away and put back, tensor by tensor. */
public interface StatefulUpdater extends ModelUpdater {

  /** How weights and updater state are made of named tensors, as things now are. */
  StateLayout stateLayout();

  /** The updater's state, a live flat view of rank 1; empty for updaters that have none. */
  INDArray flatUpdaterState();
}
