package io.stagecoach.benchmarks;

import io.stagecoach.report.CurvePoint;
import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunReport;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Rectangle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jfree.chart.ChartFactory;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;
import org.jfree.svg.SVGGraphics2D;

/**
 * Draws a run's loss over its steps, and what validations found, from its report.
 *
 * <p>Arguments: the report ({@code report.json}), the picture to write ({@code .svg}), a title.
 */
public final class LossPicture {

  private static final int WIDTH = 900;
  private static final int HEIGHT = 480;

  private LossPicture() {}

  public static void main(String[] arguments) throws Exception {
    System.setProperty("java.awt.headless", "true");
    RunReport report = ReportJson.read(Files.readString(Path.of(arguments[0])));
    Files.writeString(Path.of(arguments[1]), svg(report, arguments[2]));
  }

  private static String svg(RunReport report, String title) {
    XYSeriesCollection data = new XYSeriesCollection();
    data.addSeries(series("training", report.loss().curve()));
    data.addSeries(series("validation", report.loss().validations()));
    JFreeChart chart = ChartFactory.createXYLineChart(title, "step", "loss", data);
    XYPlot plot = chart.getXYPlot();
    plot.setBackgroundPaint(Color.WHITE);
    plot.setRangeGridlinePaint(Color.LIGHT_GRAY);
    plot.setDomainGridlinePaint(Color.LIGHT_GRAY);
    XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
    renderer.setSeriesPaint(0, new Color(0x8a, 0xa8, 0xd0));
    renderer.setSeriesPaint(1, new Color(0xc0, 0x39, 0x2b));
    renderer.setSeriesStroke(1, new BasicStroke(2));
    renderer.setSeriesShapesVisible(1, true);
    plot.setRenderer(renderer);
    SVGGraphics2D svg = new SVGGraphics2D(WIDTH, HEIGHT);
    chart.draw(svg, new Rectangle(WIDTH, HEIGHT));
    return svg.getSVGDocument();
  }

  private static XYSeries series(String name, List<CurvePoint> points) {
    XYSeries series = new XYSeries(name);
    points.forEach(point -> series.add((double) point.step() + 1, point.value()));
    return series;
  }
}
