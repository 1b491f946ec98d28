package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunReport;
import io.stagecoach.tensor.Narrowing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;

/** Executors whose hops are float16: half the bytes, counted, and the same by both exchanges. */
class WireTypeIT {

  private static final int ROWS = 2048;

  @TempDir Path directory;

  private record Trained(MultiLayerNetwork network, RunReport report, String table) {}

  @Test
  void halvesAreTheSameByBothExchangesAndCounted() throws IOException {
    Workshop workshop = new Workshop(directory);
    workshop.table(ROWS);
    workshop.write("model.json", Workshop.classifier(DataType.FLOAT).toJson());

    List<OneDriver.Command> commands =
        List.of(
            training(workshop, "wide", "float32", "streaming", "driver"),
            training(workshop, "streamed", "float16", "streaming", "driver"),
            // What stages that keep their weights have for each other is not narrowed.
            training(workshop, "shuffled", "float16", "shuffle", "executor"),
            planOfDoubles(workshop));
    List<StagecoachProcess.Outcome> outcomes = new OneDriver(workshop).inOneSession(commands);
    Trained wide = trained(workshop, "wide", outcomes.get(0));
    Trained streamed = trained(workshop, "streamed", outcomes.get(1));
    Trained shuffled = trained(workshop, "shuffled", outcomes.get(2));

    assertThat(shuffled.network().params().toFloatVector())
        .containsExactly(streamed.network().params().toFloatVector());
    assertThat(shuffled.network().getUpdater().getStateViewArray().toFloatVector())
        .containsExactly(streamed.network().getUpdater().getStateViewArray().toFloatVector());
    assertThat(streamed.network().params()).isNotEqualTo(wide.network().params());
    assertThat(streamed.report().loss().last())
        .isBetween(0.9 * wide.report().loss().last(), 1.1 * wide.report().loss().last());

    assertThat(wide.report().hops().narrowing()).isEqualTo(Narrowing.none());
    assertThat(wide.table()).doesNotContain("float16");
    Narrowing narrowing = streamed.report().hops().narrowing();
    assertThat(narrowing.values()).isPositive();
    assertThat(narrowing.overflowed()).isZero();
    assertThat(shuffled.report().hops().narrowing()).isEqualTo(narrowing);
    assertThat(streamed.table())
        .contains(String.format("float16      %,d values in all steps", narrowing.values()));
    for (Trained narrow : new Trained[] {streamed, shuffled}) {
      double bytes = narrow.report().hops().sent().bytes() / wide.report().hops().sent().bytes();
      assertThat(bytes).isBetween(0.45, 0.6);
    }

    StagecoachProcess.Outcome refused = outcomes.get(3);
    assertThat(refused.exitCode()).as(refused.toString()).isEqualTo(20);
    assertThat(refused.lastLine().get("error").asText()).contains("float64");
  }

  private static OneDriver.Command training(
      Workshop workshop, String name, String wireType, String exchange, String synchronizer) {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", "1024");
    settings.put("spark.stagecoach.microBatches", "2");
    settings.put("spark.stagecoach.epochs", "8");
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.synchronizer", synchronizer);
    settings.put("spark.stagecoach.wireType", wireType);
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    return new OneDriver.Command("train", settings);
  }

  /** A network of doubles does not go by halves. */
  private static OneDriver.Command planOfDoubles(Workshop workshop) {
    workshop.write("doubles.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.model.config", workshop.path("doubles.json").toString());
    settings.put("spark.stagecoach.wireType", "float16");
    return new OneDriver.Command("plan", settings);
  }

  private static Trained trained(Workshop workshop, String name, StagecoachProcess.Outcome outcome)
      throws IOException {
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    Path out = workshop.path(name);
    return new Trained(
        ModelSerializer.restoreMultiLayerNetwork(out.resolve("model.zip").toFile()),
        ReportJson.read(Files.readString(out.resolve("report.json"))),
        outcome.out());
  }
}
