package io.stagecoach.engine.dl4j;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A node of a model as a replica runs it: DL4J's own object, one micro-batch at a time. */
sealed interface StageNode permits LayerNode, OperationNode {

  /** What holds the parameters. */
  Trainable trainable();

  /** Begins a micro-batch. */
  void begin(int examples);

  /** Tells where schedules of hyperparameters stand. */
  void setCounts(long step, int epoch);

  /**
   * Passes masks on.
   *
   * @param masks one for each input; null where there is none
   * @param state whether they are still to be applied
   * @return the mask of what the node gives and its state; nulls for none
   */
  Pair<INDArray, MaskState> passMasks(List<INDArray> masks, MaskState state);

  /** Runs forward. */
  INDArray forward(List<INDArray> inputs, boolean training, LayerWorkspaceMgr memory);

  /**
   * Runs backward.
   *
   * @param gradient of what the node gave; may be changed
   * @return the gradient of each input; null where none flows
   */
  List<INDArray> backward(INDArray gradient, LayerWorkspaceMgr memory);

  /** Whether back-propagation ends here. */
  boolean isFrozen();

  /** The penalty at the present weights. */
  double regularization();

  /** Lets go of a micro-batch's arrays. */
  void clear();

  /** The layer behind a node's wrappings that has a loss; only for outputs. */
  Layer outputLayer();
}
