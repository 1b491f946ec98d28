package io.stagecoach.report.timeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stagecoach.engine.Loss;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.stage.Span;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import java.io.StringReader;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class TimelineTest {

  private static final Pattern COMPLETE = Pattern.compile("\"ph\":\"X\",\"name\":\"([^\"]*)\"");
  private static final Pattern FLOW = Pattern.compile("\"ph\":\"([sf])\".*?\"id\":(\\d+)");

  static Stream<Schedule> schedules() {
    return Schedules.standard().names().stream()
        .map(
            name -> {
              int chunks = name.matches("interleaved-1f1b|looped-bfs") ? 2 : 1;
              return Schedules.standard()
                  .named(name)
                  .schedule(new PipelineShape(3 * chunks, 4, chunks));
            });
  }

  private static StageCosts costs(Schedule schedule) {
    return StageCosts.equal(schedule.stages(), 2_000_000, 4_000_000, 500_000);
  }

  private static Timeline simulated(Schedule schedule) {
    return Timeline.simulated(schedule, Simulator.simulate(schedule, costs(schedule)));
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void figuresAreTheSimulations(Schedule schedule) {
    Simulation simulation = Simulator.simulate(schedule, costs(schedule));
    Timeline timeline = Timeline.simulated(schedule, simulation);
    assertThat(timeline.makespan()).isEqualTo(simulation.makespan());
    assertThat(timeline.bubble()).isCloseTo(simulation.bubble(), within(1e-12));
    if (schedule.stages() == schedule.executors().size()) {
      for (int e = 0; e < timeline.executors(); e++) {
        assertThat(timeline.peakStash(e)).isEqualTo(simulation.peakStash().get(e));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void theTraceHasEachActionOnceAndEachHopAtBothEnds(Schedule schedule) {
    String json = ChromeTrace.json(List.of(simulated(schedule)));
    List<String> actions =
        schedule.executors().stream().flatMap(List::stream).map(Action::text).toList();
    assertThat(COMPLETE.matcher(json).results().map(match -> match.group(1)))
        .containsExactlyInAnyOrderElementsOf(actions);
    List<MatchResult> flows = FLOW.matcher(json).results().toList();
    long receives = actions.stream().filter(action -> action.startsWith("R")).count();
    assertThat(flows).hasSize((int) (2 * receives));
    assertThat(flows.stream().filter(flow -> flow.group(1).equals("s")).map(flow -> flow.group(2)))
        .containsExactlyInAnyOrderElementsOf(
            flows.stream()
                .filter(flow -> flow.group(1).equals("f"))
                .map(flow -> flow.group(2))
                .toList());
  }

  @ParameterizedTest
  @MethodSource("schedules")
  void thePageIsWellFormedAndDrawsEachPass(Schedule schedule) throws Exception {
    Document page =
        parse(
            TimelinePage.html(
                "a <title> & more", List.of("\"note\""), List.of(simulated(schedule))));
    long passes =
        schedule.executors().stream().flatMap(List::stream).filter(Action::isCompute).count();
    // One more for each executor's waiting, and one in the pattern of that.
    assertThat(page.getElementsByTagName("rect").getLength())
        .isEqualTo((int) passes + schedule.executors().size() + 1);
    assertThat(page.getElementsByTagName("h1").item(0).getTextContent())
        .isEqualTo("a <title> & more");
  }

  private static Document parse(String html) throws Exception {
    String xml = html.replace("<!DOCTYPE html>", "");
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }

  @Test
  void aMeasuredStepHasItsDriver() throws Exception {
    StageStep stage =
        new StageStep(
            0,
            0,
            7,
            0,
            Loss.none(),
            4,
            0,
            10,
            List.of(
                new Span(new Action.Forward(0, 0), 1_000, 3_000),
                new Span(new Action.Backward(0, 0), 5_000, 9_000)),
            Traffic.none(),
            1);
    Timeline timeline =
        Timeline.measured(
            new StepRecord(7, 1, 1, false, 4, 20_000, 12_000, 3_000, 2_000, List.of(stage)));
    assertThat(timeline.makespan()).isEqualTo(9_000);
    assertThat(timeline.busy(0)).isEqualTo(6_000);
    assertThat(timeline.driver())
        .extracting(Timeline.DriverSpan::what)
        .containsExactly("weights out", "gradient barrier", "update");
    assertThat(timeline.driver().get(0).start()).isEqualTo(-2_000);
    assertThat(timeline.driver().get(2).end()).isEqualTo(15_000);
    assertThat(parse(TimelinePage.html("t", List.of(), List.of(timeline)))).isNotNull();
  }
}
