package io.stagecoach.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Something of each step, such as its loss, in a bounded number of points. When they are used up,
 * neighbours become one, and each point to come stands for twice as many steps.
 */
final class Curve {

  private final int most;
  private final List<CurvePoint> points = new ArrayList<>();
  private CurvePoint open;
  private long stepsEach = 1;

  /**
   * @param most how many points there may be; at least 2
   */
  Curve(int most) {
    if (most < 2) {
      throw new IllegalArgumentException(most + " points");
    }
    this.most = most;
  }

  void add(long step, double value) {
    add(new CurvePoint(step, value, 1));
  }

  /** Goes on with the points of an earlier curve. */
  void goOn(List<CurvePoint> before) {
    for (CurvePoint point : before) {
      stepsEach = Math.max(stepsEach, point.steps());
      add(point);
    }
  }

  private void add(CurvePoint point) {
    open = open == null ? point : open.and(point);
    if (open.steps() < stepsEach) {
      return;
    }
    points.add(open);
    open = null;
    if (points.size() == most) {
      halve();
    }
  }

  private void halve() {
    List<CurvePoint> merged = new ArrayList<>();
    for (int i = 0; i + 1 < points.size(); i += 2) {
      merged.add(points.get(i).and(points.get(i + 1)));
    }
    // A point without a neighbour is not full yet.
    open = points.size() % 2 == 0 ? null : points.get(points.size() - 1);
    points.clear();
    points.addAll(merged);
    stepsEach *= 2;
  }

  List<CurvePoint> points() {
    List<CurvePoint> all = new ArrayList<>(points);
    if (open != null) {
      all.add(open);
    }
    return all;
  }
}
