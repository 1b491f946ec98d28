package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A plan as a table of text, a row for each stage. */
final class PlanTable {

  private static final List<String> COSTS =
      List.of("stage", "layers", "parameters", "forward", "compute");
  private static final List<String> RECOMPUTE = List.of("recompute");
  private static final List<String> TIMES = List.of("forward ms", "backward ms");
  private static final List<String> SIZES = List.of("memory", "sends");
  private static final int LAYERS = 1;

  private final Plan plan;
  private final Optional<PlanTimes> times;
  private final long forwardOperations;
  private final long operations;

  /**
   * @param times what is known of times
   */
  PlanTable(Plan plan, Optional<PlanTimes> times) {
    this.plan = plan;
    this.times = times;
    this.forwardOperations =
        plan.model().layers().stream().mapToLong(LayerCost::forwardOperations).sum();
    this.operations = plan.operations();
  }

  /** The whole text, ending with a line feed. */
  String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        joined(
            List.of(
                COSTS,
                recomputes() ? RECOMPUTE : List.of(),
                times.isPresent() ? TIMES : List.of(),
                SIZES)));
    for (int s = 0; s < plan.stages().size(); s++) {
      rows.add(row(s));
    }
    return table(rows) + summary();
  }

  private List<String> row(int s) {
    PlannedStage stage = plan.stages().get(s);
    boolean last = s == plan.stages().size() - 1;
    return joined(
        List.of(
            List.of(
                Integer.toString(s),
                layers(stage),
                Quantity.count(stage.cost().parameters()),
                Bottleneck.share(stage.cost().forwardOperations(), forwardOperations),
                Bottleneck.share(stage.operations(), operations)),
            recomputes() ? List.of(stage.recomputes() ? "yes" : "-") : List.of(),
            times
                .map(
                    known ->
                        List.of(
                            Bottleneck.millis(known.forward().get(s)),
                            Bottleneck.millis(known.backward().get(s))))
                .orElse(List.of()),
            List.of(
                Quantity.bytes(stage.memory().total()),
                last ? "-" : Quantity.bytes(stage.cost().outputBytes()))));
  }

  private static List<String> joined(List<List<String>> groups) {
    return groups.stream().flatMap(List::stream).toList();
  }

  /** Whether some stage runs forward again; a column of nothing would only be in the way. */
  private boolean recomputes() {
    return plan.stages().stream().anyMatch(PlannedStage::recomputes);
  }

  private String layers(PlannedStage stage) {
    String first = layer(stage.firstLayer());
    return stage.layers() == 1 ? first : first + " .. " + layer(stage.endLayer() - 1);
  }

  private String layer(int index) {
    return plan.model().layers().get(index).words();
  }

  private String summary() {
    long bottleneck = plan.bottleneckOperations();
    return String.format(
        Locale.ROOT,
        "%s, cut by \"%s\"; the slowest stage does %s of the compute, an even cut would do %s.%n"
            + "Sends: bytes of one micro-batch of %d to the next stage; as many come back.%n"
            + "%s"
            + "Bottleneck: %s.%n%s",
        stages(),
        plan.partitioner(),
        Bottleneck.share(bottleneck, operations),
        Bottleneck.share(1, plan.stages().size()),
        plan.model().microBatch(),
        recomputes()
            ? String.format(
                "Recompute: these stages keep only their inputs, and run forward again in backward"
                    + " passes, which is in their compute.%n")
            : "",
        plan.bottleneck(times).sentence(),
        times.map(PlanTable::step).orElse(""));
  }

  private static String step(PlanTimes known) {
    return String.format(
        Locale.ROOT,
        "Times are of one micro-batch; a hop should take %s ms, and a step's stages %s ms.%n",
        Bottleneck.millis(known.hop()),
        Bottleneck.millis(known.step()));
  }

  private String stages() {
    return plan.model().size()
        + (plan.model().size() == 1 ? " layer in " : " layers in ")
        + plan.stages().size()
        + (plan.stages().size() == 1 ? " stage" : " stages");
  }

  private static String table(List<List<String>> rows) {
    int[] width = new int[rows.get(0).size()];
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
