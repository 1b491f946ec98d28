package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.ClassWeighting;
import io.stagecoach.spark.config.Nearest;
import io.stagecoach.spark.config.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What each class counts, by its index. */
final class ClassWeights {

  private ClassWeights() {}

  /**
   * The weights of all classes; none where classes count the same.
   *
   * @param classes the names of the classes, or their indices as texts
   * @param rows how many labels of the training part each has
   * @throws StagecoachException of kind CONFIGURATION where a class is named that there is not
   */
  static double[] of(Weighting weighting, List<String> classes, Map<String, Long> rows) {
    if (weighting.classes() == ClassWeighting.BALANCED) {
      double all = rows.values().stream().mapToLong(Long::longValue).sum();
      return classes.stream()
          .mapToDouble(name -> rows.containsKey(name) ? all / rows.size() / rows.get(name) : 1)
          .toArray();
    }
    if (weighting.ofClasses().isEmpty()) {
      return new double[0];
    }
    double[] weights = new double[classes.size()];
    Arrays.fill(weights, 1);
    weighting
        .ofClasses()
        .forEach(
            (name, weight) -> {
              int index = classes.indexOf(name);
              if (index < 0) {
                throw new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    Settings.DATA_CLASS_WEIGHTS_OF.key()
                        + name
                        + " is set, but there is no class "
                        + name,
                    "Name one of "
                        + String.join(", ", classes.subList(0, Math.min(20, classes.size())))
                        + Nearest.to(name, classes)
                            .map(nearest -> "; the nearest is " + nearest)
                            .orElse("")
                        + ".");
              }
              weights[index] = weight;
            });
    return weights;
  }

  /** The classes of a network as their indices. */
  static List<String> indices(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }
}
