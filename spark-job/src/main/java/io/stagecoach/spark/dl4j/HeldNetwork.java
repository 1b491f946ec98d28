package io.stagecoach.spark.dl4j;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The network that one of DL4J's two classes for Spark holds, which is trained in place. */
sealed interface HeldNetwork {

  /** DL4J's own. */
  Model network();

  /** Its updater, at work on its own arrays. */
  Dl4jModelUpdater updater();

  /** Its flat gradients. */
  INDArray gradients();

  /** Notes a mini-batch's score, for listeners and for whoever asks afterwards. */
  void score(double score);

  /** Notes what listeners are to see as the gradient. */
  void gradient(Gradient gradient);

  /** Notes the rows of the mini-batch, as far as listeners ask for their number. */
  void rows(INDArray rows);

  /** Forgets them. DL4J's own way would forget a network's updater, too. */
  void forgetRows();

  /** A {@code MultiLayerNetwork}. */
  record Layers(SparkDl4jMultiLayer holder) implements HeldNetwork {

    @Override
    public MultiLayerNetwork network() {
      return holder.getNetwork();
    }

    @Override
    public Dl4jModelUpdater updater() {
      return Dl4jModelUpdater.of(network());
    }

    @Override
    public INDArray gradients() {
      return network().getFlattenedGradients();
    }

    @Override
    public void score(double score) {
      network().setScore(score);
      holder.setScore(score);
    }

    @Override
    public void gradient(Gradient gradient) {
      network().setGradient(gradient);
    }

    @Override
    public void rows(INDArray rows) {
      network().setInput(rows);
      network().setLabels(rows);
    }

    @Override
    public void forgetRows() {
      rows(null);
    }
  }

  /** A {@code ComputationGraph}. */
  record Graph(SparkComputationGraph holder) implements HeldNetwork {

    @Override
    public ComputationGraph network() {
      return holder.getNetwork();
    }

    @Override
    public Dl4jModelUpdater updater() {
      return Dl4jModelUpdater.of(network());
    }

    @Override
    public INDArray gradients() {
      return network().getFlattenedGradients();
    }

    @Override
    public void score(double score) {
      network().setScore(score);
      holder.setScore(score);
    }

    @Override
    public void gradient(Gradient gradient) {
      network().setGradient(gradient);
    }

    @Override
    public void rows(INDArray rows) {
      network().setInput(0, rows);
      network().setLabel(0, rows);
    }

    @Override
    public void forgetRows() {
      network().clear();
    }
  }
}
