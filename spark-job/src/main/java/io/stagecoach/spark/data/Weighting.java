package io.stagecoach.spark.data;

import io.stagecoach.spark.config.ClassWeighting;
import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the rows of the training part count.
 *
 * @param column the column with the weight of each row; empty for none
 * @param classes what classes count where no numbers say it
 * @param ofClasses what classes count, by name or index
 */
record Weighting(String column, ClassWeighting classes, TreeMap<String, Double> ofClasses)
    implements Serializable {

  /** All rows count the same. */
  static final Weighting NONE = new Weighting("", ClassWeighting.NONE, new TreeMap<>());

  Weighting {
    ofClasses = new TreeMap<>(ofClasses);
  }

  @Override
  public TreeMap<String, Double> ofClasses() {
    return new TreeMap<>(ofClasses);
  }

  static Weighting of(String column, ClassWeighting classes, Map<String, Double> ofClasses) {
    return new Weighting(column, classes, new TreeMap<>(ofClasses));
  }

  boolean hasColumn() {
    return !column.isEmpty();
  }

  boolean dependsOnClass() {
    return classes != ClassWeighting.NONE || !ofClasses.isEmpty();
  }

  /** Whether rows may count differently. */
  boolean isThere() {
    return hasColumn() || dependsOnClass();
  }
}
