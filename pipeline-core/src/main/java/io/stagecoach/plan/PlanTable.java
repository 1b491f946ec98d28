package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A plan as a table of text, a row for each stage. */
final class PlanTable {

  private static final List<String> HEAD =
      List.of("stage", "layers", "parameters", "forward", "compute", "memory", "sends");
  private static final int LAYERS = 1;

  private final Plan plan;
  private final long forwardOperations;
  private final long operations;

  PlanTable(Plan plan) {
    this.plan = plan;
    this.forwardOperations =
        plan.model().layers().stream().mapToLong(LayerCost::forwardOperations).sum();
    this.operations = plan.model().layers().stream().mapToLong(LayerCost::operations).sum();
  }

  /** The whole text, ending with a line feed. */
  String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(HEAD);
    for (int s = 0; s < plan.stages().size(); s++) {
      rows.add(row(s));
    }
    return table(rows) + summary();
  }

  private List<String> row(int s) {
    PlannedStage stage = plan.stages().get(s);
    boolean last = s == plan.stages().size() - 1;
    return List.of(
        Integer.toString(s),
        layers(stage),
        Quantity.count(stage.cost().parameters()),
        share(stage.cost().forwardOperations(), forwardOperations),
        share(stage.cost().operations(), operations),
        Quantity.bytes(stage.memory().total()),
        last ? "-" : Quantity.bytes(stage.cost().outputBytes()));
  }

  private String layers(PlannedStage stage) {
    String first = layer(stage.firstLayer());
    return stage.layers() == 1 ? first : first + " .. " + layer(stage.endLayer() - 1);
  }

  private String layer(int index) {
    LayerCost layer = plan.model().layers().get(index);
    // DL4J gives layers such names if their author gives none.
    boolean named = !layer.name().equals("layer" + index);
    return layer.index() + " " + (named ? layer.name() + " (" + layer.kind() + ")" : layer.kind());
  }

  private String summary() {
    long bottleneck = plan.bottleneckOperations();
    return String.format(
        Locale.ROOT,
        "%s, cut by \"%s\"; the slowest stage does %s of the compute, an even cut would do %s.%n"
            + "Sends: bytes of one micro-batch of %d to the next stage; as many come back.%n",
        stages(),
        plan.partitioner(),
        share(bottleneck, operations),
        share(1, plan.stages().size()),
        plan.model().microBatch());
  }

  private String stages() {
    return plan.model().size()
        + (plan.model().size() == 1 ? " layer in " : " layers in ")
        + plan.stages().size()
        + (plan.stages().size() == 1 ? " stage" : " stages");
  }

  private static String share(long part, long whole) {
    return whole == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
  }

  private static String table(List<List<String>> rows) {
    int[] width = new int[HEAD.size()];
    for (List<String> row : rows) {
      for (int column = 0; column < width.length; column++) {
        width[column] = Math.max(width[column], row.get(column).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      for (int column = 0; column < width.length; column++) {
        String cell = row.get(column);
        String padding = " ".repeat(width[column] - cell.length());
        text.append(column == 0 ? "" : "  ")
            .append(column == LAYERS ? cell + padding : padding + cell);
      }
      text.append(System.lineSeparator());
    }
    return text.toString();
  }
}
