package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanTest {

  private final ModelCosts model =
      new ModelCosts(
          List.of(
              new LayerCost(0, "in", "Dense", 1000, 4000, 2048, 2048, 100, 10, 30),
              new LayerCost(1, "layer1", "Activation", 0, 0, 2048, 1024, 700, 5, 5),
              new LayerCost(2, "out", "Output", 2_500_000, 10_000_000, 64, 64, 300, 15, 35)),
          512,
          4);

  @Test
  void memoryWithActivationsKept() {
    MemoryRules rules = new MemoryRules(Stash.ACTIVATIONS, (s, stages) -> stages - s + 1, 2);
    assertThat(rules.estimate(model.stage(0, 2), Stash.ACTIVATIONS, 0, 2))
        .isEqualTo(
            new MemoryEstimate(4000, 4000, 4000, 3 * (512 + 2048 + 1024), 700, 2 * 2 * 2048, 0));
    assertThat(rules.estimate(model.stage(2, 3), Stash.ACTIVATIONS, 1, 2))
        .isEqualTo(
            new MemoryEstimate(
                10_000_000, 10_000_000, 10_000_000, 2 * (2048 + 64), 300, 2 * 2 * 2048, 0));
  }

  @Test
  void memoryWithInputsKept() {
    MemoryRules rules = new MemoryRules(Stash.INPUTS, StashSlots.everywhere(8), 1);
    MemoryEstimate estimate = rules.estimate(model.stage(1, 3), Stash.INPUTS, 1, 2);
    assertThat(estimate.stash()).isEqualTo(8 * 2048 + 1024 + 64);
    assertThat(estimate.total()).isEqualTo(30_000_000 + 8 * 2048 + 1088 + 700 + 2 * 2048);
  }

  /** What does not fit runs forward twice, and the table says who does, and what that adds. */
  @Test
  void aStageThatRecomputesIsShown() {
    ModelCosts heavy =
        new ModelCosts(
            List.of(
                new LayerCost(0, "in", "Dense", 10, 40, 64, 9000, 0, 10, 20),
                new LayerCost(1, "out", "Output", 10, 40, 8, 8, 0, 10, 20)),
            64,
            4);
    MemoryRules rules = new MemoryRules(StashRule.asMemoryAllows(), StashSlots.everywhere(4), 1);
    Plan plan = Partitioners.named("balanced").partition(new PlanRequest(heavy, 2, rules, 12_000));
    assertThat(plan.stages()).extracting(PlannedStage::recomputes).containsExactly(true, false);
    assertThat(plan.stages().get(0).memory().stash()).isEqualTo(4 * 64 + 9000);
    assertThat(plan.stages().get(0).operations()).isEqualTo(40);
    assertThat(plan.bottleneckOperations()).isEqualTo(40);
    assertThat(plan.table().lines().map(String::stripTrailing))
        .contains(
            "stage  layers          parameters  forward  compute  recompute   memory  sends",
            "    0  0 in (Dense)            10   50.0 %   57.1 %        yes  9.3 KiB   64 B",
            "    1  1 out (Output)          10   50.0 %   42.9 %          -    536 B      -")
        .anyMatch(line -> line.startsWith("Recompute: these stages keep only their inputs"));
  }

  @Test
  void theErrorAdvisesWhatIsNotDoneYet() {
    MemoryRules all = new MemoryRules(Stash.ACTIVATIONS, StashSlots.everywhere(4), 1);
    MemoryRules chosen = new MemoryRules(StashRule.asMemoryAllows(), StashSlots.everywhere(4), 1);
    for (int stages : List.of(1, 3)) {
      assertThatThrownBy(
              () ->
                  Partitioners.named("balanced")
                      .partition(new PlanRequest(model, stages, all, 30_000_000)))
          .isInstanceOfSatisfying(
              StagecoachException.class,
              e -> assertThat(e.remedy()).contains("spark.stagecoach.recompute=auto"));
      assertThatThrownBy(
              () ->
                  Partitioners.named("balanced")
                      .partition(new PlanRequest(model, stages, chosen, 30_000_000)))
          .isInstanceOfSatisfying(
              StagecoachException.class, e -> assertThat(e.remedy()).doesNotContain("recompute"));
    }
  }

  @Test
  void oneStageHasNoTransport() {
    assertThat(Costs.rules().estimate(model.stage(0, 3), Stash.ACTIVATIONS, 0, 1).transport())
        .isZero();
  }

  @Test
  void aLayerTwiceOrNeverIsNoPlan() {
    PlannedStage first = stage(0, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Plan("hand", model, List.of(first, stage(1, 3))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Plan("hand", model, List.of(stage(0, 1), stage(2, 3))));
    assertThatIllegalArgumentException().isThrownBy(() -> new Plan("hand", model, List.of(first)));
    assertThatIllegalArgumentException().isThrownBy(() -> stage(1, 1));
  }

  @Test
  void printsATable() {
    Plan plan = Partitioners.named("balanced").partition(Costs.request(model, 2));
    assertThat(plan.table().lines().map(String::stripTrailing))
        .containsExactly(
            "stage  layers                        parameters  forward  compute    memory    sends",
            "    0  0 in (Dense) .. 1 Activation       1.0 K   50.0 %   50.0 %  30.4 KiB  2.0 KiB",
            "    1  2 out (Output)                     2.5 M   50.0 %   50.0 %  28.6 MiB        -",
            "3 layers in 2 stages, cut by \"balanced\"; the slowest stage does 50.0 % of the"
                + " compute, an even cut would do 50.0 %.",
            "Sends: bytes of one micro-batch of 4 to the next stage; as many come back.",
            "Bottleneck: stage 0, 50.0 % of the compute (the mean of the stages is 50.0 %), 80.0 %"
                + " of it layer 0 in (Dense).");
  }

  @Test
  void printsTimesWhereTheyAreKnown() {
    Plan plan = Partitioners.named("balanced").partition(Costs.request(model, 2));
    PlanTimes times =
        new PlanTimes(
            List.of(3_000_000L, 1_000_000L, 20_000_000L),
            List.of(1_500_000L, 8_000_000L),
            List.of(2_500_000L, 12_000_000L),
            70_000,
            115_000_000);
    assertThat(plan.table(Optional.of(times)).lines().map(String::stripTrailing))
        .element(0)
        .asString()
        .endsWith("forward ms  backward ms    memory    sends");
    assertThat(plan.table(Optional.of(times)).lines().map(String::stripTrailing))
        .contains(
            "    1  2 out (Output)                     2.5 M   50.0 %   50.0 %       8.000         12.0"
                + "  28.6 MiB        -",
            "Bottleneck: stage 1, 20.0 ms of each micro-batch (the mean of the stages is 12.0 ms):"
                + " one layer, which cannot be divided.",
            "Times are of one micro-batch; a hop should take 0.070 ms, and a step's stages 115 ms.");
    assertThat(plan.bottleneck(Optional.of(times)).stage()).isEqualTo(1);
    PlanTimes slowHops =
        new PlanTimes(
            times.layers(), List.of(4_000_000L, 1L), List.of(5_000_000L, 1L), 30_000_000, 1);
    assertThat(plan.bottleneck(Optional.of(slowHops)).sentence())
        .isEqualTo(
            "the hops, 30.0 ms each, then stage 0, 9.000 ms of each micro-batch (the mean of the"
                + " stages is 4.500 ms), 75.0 % of it layer 0 in (Dense)");
  }

  @Test
  void quantitiesChangeTheirUnitInTime() {
    assertThat(Quantity.bytes(0)).isEqualTo("0 B");
    assertThat(Quantity.bytes(1023)).isEqualTo("1023 B");
    assertThat(Quantity.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Quantity.bytes((1L << 20) - 1)).isEqualTo("1.0 MiB");
    assertThat(Quantity.bytes(Long.MAX_VALUE)).isEqualTo("8.0 EiB");
    assertThat(Quantity.count(999)).isEqualTo("999");
    assertThat(Quantity.count(999_999)).isEqualTo("1.0 M");
  }

  private PlannedStage stage(int first, int end) {
    StageCost cost = model.stage(first, Math.max(end, first + 1));
    return new PlannedStage(
        first, end, cost, Stash.ACTIVATIONS, Costs.rules().estimate(cost, Stash.ACTIVATIONS, 0, 2));
  }
}
