package io.stagecoach.model.optimizer;

/** How the learning rate falls after the warm-up. */
public enum LearningRateDecay {
  /** It stays. */
  NONE("none") {
    @Override
    double share(double progress) {
      return 1;
    }
  },
  /** By the same amount each step. */
  LINEAR("linear") {
    @Override
    double share(double progress) {
      return 1 - progress;
    }
  },
  /** Along half a cosine: slowly, then faster, then slowly. */
  COSINE("cosine") {
    @Override
    double share(double progress) {
      return 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  };

  private final String word;

  LearningRateDecay(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }

  /**
   * What is left of the way from the peak down to the minimum.
   *
   * @param progress 0 at the end of the warm-up, 1 at the end of the decay
   */
  abstract double share(double progress);
}
