package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.OptimizerSettings;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * Changes learning rate and weight decay in a configuration, layer by layer; the type of each
 * updater and everything else stay.
 *
 * @param settings what changes
 * @param firstStep the iteration at which a schedule begins
 * @param epoch the epoch at which it does
 */
record OptimizerChange(OptimizerSettings settings, long firstStep, int epoch) {

  /** Changes the layers of a configuration in place. */
  void apply(MultiLayerConfiguration configuration) {
    configuration.getConfs().stream().map(NeuralNetConfiguration::getLayer).forEach(this::apply);
  }

  /** Changes the layers of a configuration in place. */
  void apply(ComputationGraphConfiguration configuration) {
    configuration.getVertices().values().stream()
        .filter(LayerVertex.class::isInstance)
        .map(vertex -> ((LayerVertex) vertex).getLayerConf().getLayer())
        .forEach(this::apply);
  }

  private void apply(Layer layer) {
    if (layer instanceof FrozenLayer) {
      return;
    }
    if (layer instanceof BaseLayer base) {
      base.setIUpdater(changed(base.getIUpdater()));
      base.setBiasUpdater(changed(base.getBiasUpdater()));
      if (settings.weightDecay().isPresent()) {
        base.setRegularization(decayed(base.getRegularization()));
      }
    }
    LayerTree.inner(layer).forEach(this::apply);
  }

  private IUpdater changed(IUpdater updater) {
    boolean rate = settings.learningRate().isPresent() || settings.isScheduled();
    if (updater == null || !rate) {
      return updater;
    }
    if (!updater.hasLearningRate()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "a learning rate is set, but the model's updater "
              + updater.getClass().getSimpleName()
              + " has none",
          "Leave spark.stagecoach.learningRate and what begins so out, or change the updater.");
    }
    // A copy: layers may share one.
    IUpdater copy = updater.clone();
    if (settings.isScheduled()) {
      double peak = settings.learningRate().orElseGet(() -> own(updater));
      copy.setLrAndSchedule(peak, settings.schedule(peak, firstStep));
    } else {
      copy.setLrAndSchedule(settings.learningRate().orElseThrow(), null);
    }
    return copy;
  }

  /** The rate that the model would have next. */
  private double own(IUpdater updater) {
    double rate = updater.getLearningRate(Math.toIntExact(firstStep), epoch);
    if (rate > 0) {
      return rate;
    }
    throw new StagecoachException(
        ErrorKind.CONFIGURATION,
        "the model's own learning rate is " + rate + ", so that nothing can be warmed up to",
        "Set spark.stagecoach.learningRate.");
  }

  private List<Regularization> decayed(List<Regularization> before) {
    List<Regularization> after = new ArrayList<>();
    if (before != null) {
      before.stream().filter(one -> !(one instanceof WeightDecay)).forEach(after::add);
    }
    after.add(new WeightDecay(settings.weightDecay().orElseThrow(), true));
    return after;
  }
}
