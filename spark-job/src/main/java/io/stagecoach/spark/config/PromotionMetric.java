package io.stagecoach.spark.config;

/** What decides between a candidate and the accepted model. */
public enum PromotionMetric {
  /** The mean loss for each label. */
  LOSS("loss", false),
  /** The share of examples whose class is right. */
  ACCURACY("accuracy", true),
  /** The mean of the classes' F1. */
  F1("f1", true),
  /** e to the loss for each token. */
  PERPLEXITY("perplexity", false),
  /** Bits for each byte of a text. */
  BITS_PER_BYTE("bits_per_byte", false);

  private final String word;
  private final boolean shareOfRight;

  PromotionMetric(String word, boolean shareOfRight) {
    this.word = word;
    this.shareOfRight = shareOfRight;
  }

  /** The word that users write, and by which measures have it. */
  public String word() {
    return word;
  }

  /** How wrong a model is that measures so much, lower being better: of a share, what it lacks. */
  public double error(double measured) {
    return shareOfRight ? 1 - measured : measured;
  }
}
