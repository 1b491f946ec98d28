package io.stagecoach.samples;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The rule behind the table of {@link TabularData}: which features and which label the row of a
 * number has. Every row is a pure function of seed and number, so that the table does not depend on
 * how many tasks write it.
 *
 * <p>Five of the twenty features matter. With z0…z4 of them, drawn from the standard normal
 * distribution, the two scores {@code z0·z1 + z2} and {@code z3² − z4 − 1} fall each on one side of
 * zero, and the class is the quadrant, 0 to 3. No linear model can draw these borders. Then a share
 * of the labels, drawn by chance, is replaced by one of the other three classes: nobody can foresee
 * these, so the best accuracy that any model can have is 1 minus that share.
 *
 * <p>The columns show the features on scales from 0.01 to 100 and away from zero, as tables do:
 * without normalization a network learns little from them.
 */
record TabularRule(long seed) implements Serializable {

  static final int FEATURES = 20;
  static final int CLASSES = 4;
  static final double LABEL_NOISE = 0.15;

  private static final double[] SCALES = {1, 100, 0.01, 10, 0.1};

  /**
   * A row.
   *
   * @param features as the columns have them
   * @param label the class, with noise
   * @param ruled the class as the rule says it
   */
  record Row(List<Double> features, int label, int ruled) {}

  /** The row of a number. */
  Row row(long number) {
    SplittableRandom random = new SplittableRandom(mix(seed ^ mix(number)));
    double[] z = new double[FEATURES];
    for (int i = 0; i < FEATURES; i++) {
      z[i] = random.nextGaussian();
    }
    int ruled = quadrant(z);
    int label = ruled;
    if (random.nextDouble() < LABEL_NOISE) {
      label = (ruled + 1 + random.nextInt(CLASSES - 1)) % CLASSES;
    }
    List<Double> features = new ArrayList<>(FEATURES);
    for (int i = 0; i < FEATURES; i++) {
      features.add(scale(i) * (z[i] + i % 3));
    }
    return new Row(List.copyOf(features), label, ruled);
  }

  private static double scale(int feature) {
    return SCALES[feature % SCALES.length];
  }

  /** A feature as it was drawn, before it got its scale: of mean 0 and deviation 1. */
  static double standard(int feature, double shown) {
    return shown / scale(feature) - feature % 3;
  }

  private static int quadrant(double[] z) {
    int first = z[0] * z[1] + z[2] > 0 ? 1 : 0;
    int second = z[3] * z[3] - z[4] - 1 > 0 ? 1 : 0;
    return 2 * first + second;
  }

  /** The finalizer of MurmurHash3: neighbouring numbers get unrelated generators. */
  private static long mix(long value) {
    long mixed = value;
    mixed = (mixed ^ (mixed >>> 33)) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }
}
