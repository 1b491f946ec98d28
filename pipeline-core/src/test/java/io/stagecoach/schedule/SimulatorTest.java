package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class SimulatorTest {

  /**
   * Stage 0 takes 2 and 3, stage 1 takes 4 and 5, a hop 1, two micro-batches, GPipe. By hand:
   *
   * <pre>
   * stage 0: F0.0 0-2, F0.1 2-4,            B0.0 17-20 (gradient at 17), B0.1 22-25 (at 22)
   * stage 1: RA1.0 0-3, F1.0 3-7, F1.1 7-11, B1.0 11-16, B1.1 16-21
   * </pre>
   */
  @Test
  void agreesWithAStepByHand() {
    Simulation simulation =
        Simulator.simulate(
            new GPipe().schedule(new PipelineShape(2, 2)),
            new StageCosts(List.of(2L, 4L), List.of(3L, 5L), 1));

    assertThat(simulation.makespan()).isEqualTo(25);
    assertThat(simulation.busy()).containsExactly(10L, 18L);
    assertThat(simulation.idle(0)).isEqualTo(15);
    assertThat(simulation.bubble(1)).isEqualTo(7 / 25.0);
    assertThat(simulation.bubble()).isEqualTo(22 / 50.0);
    assertThat(simulation.peakStash()).containsExactly(2, 2);
    assertThat(simulation.actions())
        .contains(
            new TimedAction(0, new Action.Forward(0, 1), 2, 4),
            new TimedAction(0, new Action.SendActivations(0, 1), 4, 4),
            new TimedAction(1, new Action.ReceiveActivations(1, 0), 0, 3),
            new TimedAction(1, new Action.ReceiveActivations(1, 1), 7, 7),
            new TimedAction(0, new Action.ReceiveGradients(0, 0), 4, 17),
            new TimedAction(0, new Action.Backward(0, 1), 22, 25))
        .hasSize(16);
  }

  /** The figures of Stagecoach's own study: S=4, M=16, f=1, b=2, c=2. */
  @Test
  void showsWhatHopLatencyCosts() {
    PipelineShape shape = new PipelineShape(4, 16);
    StageCosts costs = StageCosts.equal(4, 1, 2, 2);
    Simulation gpipe = Simulator.simulate(new GPipe().schedule(shape), costs);
    Simulation plain = Simulator.simulate(new OneForwardOneBackward().schedule(shape), costs);

    assertThat(gpipe.bubble()).isCloseTo(0.30, within(0.005));
    assertThat(plain.bubble()).isCloseTo(0.58, within(0.005));
  }

  @Test
  void aSingleStageNeverWaits() {
    Simulation simulation =
        Simulator.simulate(
            new OneForwardOneBackward().schedule(new PipelineShape(1, 3)),
            StageCosts.equal(1, 5, 7, 100));
    assertThat(simulation.makespan()).isEqualTo(36);
    assertThat(simulation.bubble()).isZero();
    assertThat(simulation.peakStash()).containsExactly(1);
  }

  @Test
  void aStepWithoutCostHasNoBubble() {
    Simulation simulation =
        Simulator.simulate(
            new ForwardOnly().schedule(new PipelineShape(2, 2)), StageCosts.equal(2, 0, 0, 0));
    assertThat(simulation.bubble()).isZero();
    assertThat(simulation.bubble(0)).isZero();
    assertThat(simulation.peakStash()).containsExactly(1, 1);
  }

  /** 48,000 passes and 84,000 transfers; the walk takes time in proportion. */
  @Test
  void simulatesThousandsOfMicroBatches() {
    int m = 3000;
    Simulation simulation =
        Simulator.simulate(
            new OneForwardOneBackward().schedule(new PipelineShape(8, m)),
            StageCosts.equal(8, 1, 2, 0));
    assertThat(simulation.makespan()).isEqualTo(new ClosedForm(8, m).makespan(1, 2));
    assertThat(simulation.actions()).hasSize(8 * 2 * m + 2 * 2 * 7 * m);
  }

  @Test
  void refusesWhatDoesNotFit() {
    Schedule schedule = new GPipe().schedule(new PipelineShape(2, 1));
    assertThatThrownBy(() -> Simulator.simulate(schedule, StageCosts.equal(3, 1, 1, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 stages, not 2");
    Schedule stuck =
        Schedule.parse(
            "schedule s stages 2 micro-batches 1 passes forward\n0: F0.0\n1: RA1.0 F1.0\n");
    assertThatThrownBy(() -> Simulator.simulate(stuck, StageCosts.equal(2, 1, 1, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deadlocks");
    assertThatThrownBy(() -> new StageCosts(List.of(1L), List.of(-1L), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
