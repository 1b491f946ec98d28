package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.report.ReportJson;
import io.stagecoach.report.RunReport;
import io.stagecoach.tensor.Narrowing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    Trained wide = train(workshop, "wide", "float32", "streaming");
    Trained streamed = train(workshop, "streamed", "float16", "streaming");
    Trained shuffled = train(workshop, "shuffled", "float16", "shuffle");

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
  }

  private static Trained train(Workshop workshop, String name, String wireType, String exchange)
      throws IOException {
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.stagecoach.batchSize", "1024");
    settings.put("spark.stagecoach.microBatches", "2");
    settings.put("spark.stagecoach.epochs", "8");
    settings.put("spark.stagecoach.exchange", exchange);
    settings.put("spark.stagecoach.wireType", wireType);
    settings.put("spark.stagecoach.output.path", workshop.path(name).toString());
    StagecoachProcess.Outcome outcome = workshop.run("train", settings);
    assertThat(outcome.exitCode()).as(outcome.toString()).isZero();
    Path out = workshop.path(name);
    return new Trained(
        ModelSerializer.restoreMultiLayerNetwork(out.resolve("model.zip").toFile()),
        ReportJson.read(Files.readString(out.resolve("report.json"))),
        outcome.out());
  }

  @Test
  void aNetworkOfDoublesIsRefused() {
    Workshop workshop = new Workshop(directory);
    workshop.table(50);
    workshop.write("model.json", Workshop.classifier().toJson());
    Map<String, String> settings = workshop.classifierSettings();
    settings.put("spark.master", "local[1]");
    settings.put("spark.stagecoach.wireType", "float16");

    StagecoachProcess.Outcome outcome = workshop.run("plan", settings);

    assertThat(outcome.exitCode()).as(outcome.toString()).isEqualTo(20);
    assertThat(outcome.lastLine().get("error").asText()).contains("float64");
  }
}
