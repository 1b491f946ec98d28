package io.stagecoach.spark.dl4j;

import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.spark.job.FitListener;
import java.util.List;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Calls DL4J's listeners with the network that is trained, on the driver, in the order of DL4J's
 * own {@code fit}. What they cannot hear of are activations, which no process has all of: {@code
 * onForwardPass} is not called.
 */
final class ListenerCalls implements FitListener {

  private final HeldNetwork held;
  private final Gradient gradient;
  private final List<TrainingListener> listeners;

  ListenerCalls(HeldNetwork held, Dl4jModelUpdater updater, List<TrainingListener> listeners) {
    this.held = held;
    this.gradient = updater.lastUpdate();
    this.listeners = List.copyOf(listeners);
  }

  @Override
  public void epochStarted() {
    listeners.forEach(listener -> listener.onEpochStart(held.network()));
  }

  @Override
  public void gradientsSummed(INDArray gradients) {
    if (listeners.isEmpty()) {
      return;
    }
    INDArray own = held.gradients();
    own.reshape(own.length()).assign(gradients);
    held.gradient(gradient);
    for (TrainingListener listener : listeners) {
      listener.onBackwardPass(held.network());
      listener.onGradientCalculation(held.network());
    }
  }

  @Override
  public void updated(Update update) {
    held.score(update.score());
    if (listeners.isEmpty()) {
      return;
    }
    // Listeners ask for the number of rows, and would find those of an earlier mini-batch.
    held.rows(Nd4j.zeros(update.examples(), 1));
    for (TrainingListener listener : listeners) {
      listener.iterationDone(held.network(), (int) update.iteration(), update.epoch());
    }
  }

  @Override
  public void epochEnded() {
    listeners.forEach(listener -> listener.onEpochEnd(held.network()));
  }
}
