package io.stagecoach.spark.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/** The statistics of each of a network's inputs, in the network's own order of them. */
final class InputStatistics implements Serializable {

  private final RowCheck check;
  private final FeatureStatistics first;
  private final boolean firstIsScaled;
  private final ArrayList<CategoryEncoder> encoders;
  private final ArrayList<Further> further = new ArrayList<>();

  /** Another input, by its place among what a row has beside the first. */
  private record Further(int index, boolean isScaled, FeatureStatistics statistics)
      implements Serializable {}

  /**
   * @param form what every row is
   * @param check reads the rows
   */
  InputStatistics(TableForm form, RowCheck check) {
    this.check = check;
    this.first = new FeatureStatistics(form.channels());
    this.firstIsScaled = form.featuresAreScaled();
    this.encoders = new ArrayList<>(form.encoders());
    for (int i = 0; i < form.further().size(); i++) {
      FurtherColumn column = form.further().get(i);
      if (column.isInput()) {
        boolean scaled = column.content() == FurtherColumn.Content.FEATURES;
        further.add(new Further(i, scaled, new FeatureStatistics(column.shape().get(0))));
      }
    }
  }

  /** Adds a row without findings. */
  void add(InternalRow row) {
    first.add(check.features(row));
    further.forEach(input -> input.statistics().add(check.further(row, input.index())));
  }

  /** Adds the rows of another. */
  void add(InputStatistics other) {
    first.add(other.first);
    for (int i = 0; i < further.size(); i++) {
      further.get(i).statistics().add(other.further.get(i).statistics());
    }
  }

  /** What each input is scaled by. */
  List<Scale> scales() {
    List<Scale> scales = new ArrayList<>();
    scales.add(scale(first, firstIsScaled, 0));
    further.forEach(
        input -> scales.add(scale(input.statistics(), input.isScaled(), scales.size())));
    return scales;
  }

  private Scale scale(FeatureStatistics statistics, boolean isScaled, int input) {
    Scale all = all(statistics, isScaled);
    return !isScaled || encoders.isEmpty() || encoders.get(input).isIdentity()
        ? all
        : all.except(encoders.get(input).encoded(), Scale.none(statistics.least().length));
  }

  private static Scale all(FeatureStatistics statistics, boolean isScaled) {
    return isScaled
        ? new Scale(
            true,
            list(statistics.means()),
            list(statistics.deviations()),
            list(statistics.least()),
            list(statistics.greatest()))
        : Scale.none(statistics.least().length);
  }

  private static List<Double> list(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  /**
   * What the channels of an input are scaled by.
   *
   * @param changes whether scaling changes anything
   */
  record Scale(
      boolean changes,
      List<Double> means,
      List<Double> deviations,
      List<Double> least,
      List<Double> greatest) {

    /**
     * This with another's in some places.
     *
     * @param places which channels another's are for; where they are all, nothing is left to scale
     */
    Scale except(boolean[] places, Scale other) {
      boolean some = false;
      for (boolean place : places) {
        some |= !place;
      }
      return new Scale(
          changes && some,
          merged(places, means, other.means),
          merged(places, deviations, other.deviations),
          merged(places, least, other.least),
          merged(places, greatest, other.greatest));
    }

    private static List<Double> merged(boolean[] places, List<Double> own, List<Double> other) {
      List<Double> merged = new ArrayList<>();
      for (int i = 0; i < places.length; i++) {
        merged.add(places[i] ? other.get(i) : own.get(i));
      }
      return merged;
    }

    /** Leaves indices as they are. */
    static Scale none(int channels) {
      List<Double> zeros = Collections.nCopies(channels, 0.0);
      List<Double> ones = Collections.nCopies(channels, 1.0);
      return new Scale(false, zeros, ones, zeros, ones);
    }
  }
}
