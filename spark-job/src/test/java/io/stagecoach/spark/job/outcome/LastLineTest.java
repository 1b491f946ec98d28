package io.stagecoach.spark.job.outcome;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LastLineTest {

  private static final RunFigures DONE =
      RunFigures.unknown()
          .pipeline(2, "streaming")
          .trained(200, 3, 1.5, 1234.5)
          .validated(1.625)
          .bubble(0.25, 0.2)
          .model("file:/tmp/out/model.zip");

  private static JsonNode read(LastLine line) throws Exception {
    String text = line.toString();
    assertThat(text).startsWith("STAGECOACH {");
    return new ObjectMapper().readTree(text.substring("STAGECOACH ".length()));
  }

  @Test
  void successInAFixedOrder() {
    assertThat(LastLine.succeeded(DONE))
        .hasToString(
            "STAGECOACH {\"status\":\"succeeded\",\"steps\":200,\"epochs\":3,\"loss\":1.5,"
                + "\"validation_loss\":1.625,\"examples_per_second\":1234.5,"
                + "\"bubble_measured\":0.25,\"bubble_expected\":0.2,\"stages\":2,"
                + "\"exchange\":\"streaming\",\"model\":\"file:/tmp/out/model.zip\"}");
  }

  @Test
  void whatIsNotKnownOrNotFiniteIsNull() throws Exception {
    assertThat(LastLine.succeeded(RunFigures.unknown()))
        .hasToString(
            "STAGECOACH {\"status\":\"succeeded\",\"steps\":null,\"epochs\":null,\"loss\":null,"
                + "\"validation_loss\":null,\"examples_per_second\":null,"
                + "\"bubble_measured\":null,\"bubble_expected\":null,\"stages\":null,"
                + "\"exchange\":null,\"model\":null}");
    JsonNode diverged =
        read(LastLine.succeeded(DONE.trained(0, 0, Double.POSITIVE_INFINITY, Double.NaN)));
    assertThat(diverged.get("loss").isNull()).isTrue();
    assertThat(diverged.get("examples_per_second").isNull()).isTrue();
    assertThat(diverged.get("steps").asLong(-1)).isZero();
  }

  @Test
  void failureSaysWhatWhereAndHowItExits() throws Exception {
    StagecoachException error =
        new StagecoachException(
            ErrorKind.EXECUTOR_LOST,
            "executor 3 was lost",
            Where.stage(1).onExecutor("3").atStep(17),
            "Look at its log",
            null);
    JsonNode line = read(LastLine.failed(error, RunFigures.unknown().pipeline(2, "streaming")));
    assertThat(line.get("status").asText()).isEqualTo("failed");
    assertThat(line.get("kind").asText()).isEqualTo("executor_lost");
    assertThat(line.get("exit_code").asInt()).isEqualTo(27);
    assertThat(line.get("error").asText()).isEqualTo("executor 3 was lost");
    assertThat(line.get("where").asText()).isEqualTo("stage 1, executor 3, step 17");
    assertThat(line.get("remedy").asText()).isEqualTo("Look at its log");
    assertThat(line.get("stages").asInt()).isEqualTo(2);
    assertThat(line.get("loss").isNull()).isTrue();
  }

  @Test
  void anyTextStaysOnOneLine() throws Exception {
    String nasty = "a\nb\r\"c\"\u2028d\u00e9";
    LastLine line =
        LastLine.failed(new StagecoachException(ErrorKind.DATA, nasty, ""), RunFigures.unknown());
    assertThat(line.toString()).matches("[\\x20-\\x7e]+");
    assertThat(read(line).get("error").asText()).isEqualTo(nasty);
    assertThat(read(line).get("remedy").isNull()).isTrue();
    assertThat(read(line).get("where").isNull()).isTrue();
  }

  @Test
  void metricsComeLastAndCannotHideAField() throws Exception {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("f1", 0.5);
    metrics.put("accuracy", Double.NaN);
    LastLine plain = LastLine.succeeded(DONE);
    assertThat(plain.with(metrics).toString())
        .startsWith(plain.toString().replace("}", ""))
        .endsWith(",\"f1\":0.5,\"accuracy\":null}");
    assertThat(read(plain).has("f1")).isFalse();
    assertThatIllegalArgumentException().isThrownBy(() -> plain.with(Map.of("loss", 1.0)));
  }

  @Test
  void itIsPrintedWithItsEndOfLine() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // No automatic flush: the line must leave by itself.
    LastLine.succeeded(DONE).print(new PrintStream(bytes, false, StandardCharsets.UTF_8));
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo(LastLine.succeeded(DONE) + System.lineSeparator());
  }
}
