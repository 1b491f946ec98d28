package io.stagecoach.model.gpt;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Dropout at one place of a layer, for one forward pass and its backward pass. */
public interface Thinning {

  /** Dropout that drops nothing. */
  Thinning NONE =
      new Thinning() {
        @Override
        public boolean isActive() {
          return false;
        }

        @Override
        public void forward(INDArray array) {}

        @Override
        public void backward(INDArray gradient) {}
      };

  /** Whether it changes anything; if not, the calls may be left out. */
  boolean isActive();

  /** Draws a mask and applies it, in place. */
  void forward(INDArray array);

  /**
   * Applies the mask that {@link #forward} drew to the gradient of what it gave, in place, and lets
   * go of the mask: once for each forward.
   *
   * @param gradient of the shape and order that {@link #forward} had
   */
  void backward(INDArray gradient);
}
