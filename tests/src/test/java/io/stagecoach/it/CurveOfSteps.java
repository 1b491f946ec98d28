package io.stagecoach.it;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Rectangle;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jfree.chart.ChartFactory;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.svg.SVGGraphics2D;

/**
 * How long each step of a run took, by its report.
 *
 * @param millis by step
 */
record CurveOfSteps(List<Double> millis) {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 480;

  static CurveOfSteps of(JsonNode report) {
    List<Double> millis = new ArrayList<>();
    report
        .get("stepMillis")
        .forEach(
            point -> {
              for (int i = 0; i < point.get("steps").asInt(); i++) {
                millis.add(point.get("value").asDouble());
              }
            });
    return new CurveOfSteps(millis);
  }

  int size() {
    return millis.size();
  }

  /** Of the steps from one to before another. */
  double median(int from, int to) {
    return millis.subList(from, to).stream().sorted().toList().get((to - from) / 2);
  }

  /**
   * Several in one picture, as SVG.
   *
   * @param marks the steps at which something was done, and what
   */
  static String picture(
      String title, Map<String, CurveOfSteps> curves, Map<Integer, String> marks) {
    System.setProperty("java.awt.headless", "true");
    XYSeriesCollection data = new XYSeriesCollection();
    curves.forEach(
        (name, curve) -> {
          XYSeries series = new XYSeries(name);
          for (int step = 5; step < curve.size(); step++) {
            series.add(step + 1.0, curve.millis().get(step));
          }
          data.addSeries(series);
        });
    JFreeChart chart = ChartFactory.createXYLineChart(title, "step", "ms", data);
    XYPlot plot = chart.getXYPlot();
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
    plot.setDomainGridlinePaint(Color.LIGHT_GRAY);
    marks.forEach((step, what) -> plot.addDomainMarker(mark(step, what)));
    SVGGraphics2D svg = new SVGGraphics2D(WIDTH, HEIGHT);
    chart.draw(svg, new Rectangle(WIDTH, HEIGHT));
    return svg.getSVGDocument();
  }

  private static ValueMarker mark(int step, String what) {
    ValueMarker mark = new ValueMarker(step, Color.BLACK, new BasicStroke(1.5f));
    mark.setLabel(what);
    mark.setLabelAnchor(RectangleAnchor.TOP_RIGHT);
    mark.setLabelTextAnchor(TextAnchor.TOP_LEFT);
    return mark;
  }
}
