package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.ParameterLayout;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A whole network of either kind, as far as its updater is concerned. */
sealed interface WholeNetwork permits WholeLayers, WholeGraph {

  /** DL4J's own. */
  Model network();

  /** What can be cut. */
  Dl4jModel model();

  /** How its flat vector is made. */
  ParameterLayout layout();

  /** Its flat gradients, made if there are none yet. */
  INDArray gradients();

  /** Its updater, made if there is none yet. */
  BaseMultiLayerUpdater<?> updater();

  /** Changes learning rates and weight decay; the updater is made anew, its state empty. */
  void change(OptimizerChange optimizer);

  /** How many updates it has seen. */
  int iterations();

  /** How many whole epochs it has seen. */
  int epochs();

  /** Notes how many updates it has seen. */
  void setIterations(int iterations);

  /** Notes how many whole epochs it has seen. */
  void setEpochs(int epochs);
}
