package io.stagecoach.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.GPipe;
import io.stagecoach.schedule.PipelineShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReportJsonTest {

  @Test
  void readsBackWhatItWrote() {
    RunRecorder recorder = RunRecorderTest.twoStagesThreeSteps();
    recorder.validated(Map.of("loss", 1.5));
    recorder.best(new BestFigures(2, 40, 0.1 + 0.2));
    recorder.reads(Map.of("source", "lake.events", "kind", "delta", "id", "3"));
    RunReport report = recorder.report();
    assertThat(ReportJson.read(ReportJson.write(report))).isEqualTo(report);
    assertThat(report.best().loss()).isEqualTo(0.1 + 0.2);
    assertThat(report.data()).containsEntry("id", "3");
    assertThat(ReportTable.text(report))
        .contains("best         validation loss 0.30000 after epoch 2, step 40");
    RunReport narrowed = RunRecorderTest.narrowed().report();
    assertThat(ReportJson.read(ReportJson.write(narrowed))).isEqualTo(narrowed);
  }

  @Test
  void namesTheFigures() throws JsonProcessingException {
    JsonNode json =
        new ObjectMapper()
            .readTree(ReportJson.write(RunRecorderTest.twoStagesThreeSteps().report()));
    assertThat(json.at("/schedule").asText()).isEqualTo("gpipe");
    assertThat(json.at("/loss/curve/2/value").asDouble()).isEqualTo(3.5);
    assertThat(json.at("/stages/1/received/bytes").asDouble()).isEqualTo(1000);
    assertThat(json.at("/bubble/imbalance").asDouble()).isEqualTo(20 / 18.0);
  }

  @Test
  void whatIsNotKnownIsNull() throws JsonProcessingException {
    RunReport empty = new RunRecorder(new GPipe().schedule(new PipelineShape(2, 2)), 1).report();
    String text = ReportJson.write(empty);
    assertThat(new ObjectMapper().readTree(text).at("/time/step").isNull()).isTrue();
    assertThat(ReportJson.read(text)).isEqualTo(empty);
  }

  @Test
  void refusesWhatIsNoReport() {
    assertThatThrownBy(() -> ReportJson.read("{\"schedule\": ["))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DATA));
  }

  @Test
  void reportersTakeTheReport() {
    RunReport report = RunRecorderTest.twoStagesThreeSteps().report();
    List<String> texts = new ArrayList<>();
    MemoryReporter memory = new MemoryReporter();
    for (RunReporter reporter :
        List.of(new TableReporter(texts::add), new JsonReporter(texts::add), memory)) {
      reporter.report(report);
    }
    assertThat(texts).containsExactly(ReportTable.text(report), ReportJson.write(report));
    assertThat(memory.reports()).containsExactly(report);
  }
}
