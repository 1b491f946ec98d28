package io.stagecoach.engine.dl4j;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** Somebody's own updater: a velocity that is half the last one and the gradient. */
final class OwnUpdater implements IUpdater {

  private static final double RATE = 0.05;

  private static final class Velocity implements GradientUpdater<OwnUpdater> {
    private INDArray velocity;

    @Override
    public OwnUpdater getConfig() {
      return new OwnUpdater();
    }

    @Override
    public void setState(Map<String, INDArray> state, boolean initialize) {
      velocity = state.get("V");
    }

    @Override
    public Map<String, INDArray> getState() {
      return Map.of("V", velocity);
    }

    @Override
    public void setStateViewArray(
        INDArray view, long[] gradientShape, char gradientOrder, boolean initialize) {
      velocity = view.reshape(view.length());
      if (initialize) {
        velocity.assign(0);
      }
    }

    @Override
    public void applyUpdater(INDArray gradient, int iteration, int epoch) {
      velocity.muli(0.5).addi(gradient);
      gradient.assign(velocity).muli(RATE);
    }
  }

  @Override
  public long stateSize(long numParams) {
    return numParams;
  }

  @Override
  public GradientUpdater<?> instantiate(INDArray view, boolean initialize) {
    Velocity velocity = new Velocity();
    velocity.setStateViewArray(view, view.shape(), view.ordering(), initialize);
    return velocity;
  }

  @Override
  public GradientUpdater<?> instantiate(Map<String, INDArray> state, boolean initialize) {
    Velocity velocity = new Velocity();
    velocity.setState(state, initialize);
    return velocity;
  }

  @Override
  public OwnUpdater clone() {
    return new OwnUpdater();
  }

  @Override
  public double getLearningRate(int iteration, int epoch) {
    return RATE;
  }

  @Override
  public boolean hasLearningRate() {
    return true;
  }

  @Override
  public void setLrAndSchedule(double lr, ISchedule schedule) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof OwnUpdater;
  }

  @Override
  public int hashCode() {
    return 1;
  }
}
