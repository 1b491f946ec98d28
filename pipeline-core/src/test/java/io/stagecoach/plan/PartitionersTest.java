package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionersTest {

  @Test
  void uniformSpreadsWhatDoesNotDivide() {
    Plan plan = Partitioners.named("uniform").partition(Costs.request(times(11), 4));
    assertThat(plan.stages().stream().map(PlannedStage::layers).toList())
        .containsExactlyInAnyOrder(2, 3, 3, 3);
  }

  @Test
  void balancedPutsOneHeavyLayerAlone() {
    ModelCosts model = Costs.times(1, 1, 1, 30, 1, 1);
    Plan plan = Partitioners.named("balanced").partition(Costs.request(model, 3));
    assertThat(plan.stages().get(1))
        .extracting(PlannedStage::firstLayer, PlannedStage::endLayer)
        .containsExactly(3, 4);
    assertThat(plan.bottleneckOperations()).isEqualTo(30);
  }

  @Test
  void moreStagesThanLayersIsRefused() {
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> Costs.request(times(2), 3));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    assertThat(refusal)
        .hasMessage(
            "3 stages were asked for, and the model has 2 layers."
                + " Ask for at most 2 stages, or use a deeper model.");
  }

  @Test
  void aLayerThatNoStageCanHoldIsNamed() {
    ModelCosts model =
        new ModelCosts(
            List.of(
                Costs.layer(0, 3, 10, 8, 8),
                Costs.layer(1, 3, 1_000_000, 8, 8),
                Costs.layer(2, 3, 10, 8, 8)),
            8,
            4);
    PlanRequest request = new PlanRequest(model, 2, Costs.rules(), 4L << 20);
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class, () -> Partitioners.named("balanced").partition(request));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    assertThat(refusal)
        .hasMessageContaining("layer 1 \"layer1\" (Dense)")
        .hasMessageContaining("11.4 MiB")
        .hasMessageContaining("4.0 MiB");
    assertThat(refusal.remedy()).isNotEmpty();
  }

  @Test
  void layersThatFitOnlyOneByOneAreRefusedTogether() {
    ModelCosts model =
        new ModelCosts(
            List.of(
                Costs.layer(0, 3, 1000, 8, 8),
                Costs.layer(1, 3, 1000, 8, 8),
                Costs.layer(2, 3, 1000, 8, 8)),
            8,
            4);
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                Partitioners.named("balanced")
                    .partition(new PlanRequest(model, 2, Costs.rules(), 15_000)));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    assertThat(refusal).hasMessageContaining("no cut into 2 stages").hasMessageContaining("more");
  }

  @Test
  void uniformChecksTheLimitToo() {
    ModelCosts model =
        new ModelCosts(List.of(Costs.layer(0, 3, 10, 8, 8), Costs.layer(1, 3, 1000, 8, 8)), 8, 4);
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () ->
                Partitioners.named("uniform")
                    .partition(new PlanRequest(model, 2, Costs.rules(), 5_000)));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    assertThat(refusal.where().stage()).isEqualTo(1);
  }

  @Test
  void aGivenCutIsMadeAsItIs() {
    Plan plan = Partitioners.given(List.of(0, 1, 5)).partition(Costs.request(times(6), 3));
    assertThat(plan.stages()).extracting(PlannedStage::layers).containsExactly(1, 4, 1);
  }

  @Test
  void aGivenCutThatCannotBeIsRefused() {
    assertThat(refusal(List.of(0, 2))).contains("has 2 stages, and 3 are wanted");
    assertThat(refusal(List.of(1, 2, 3))).contains("begins with layer 1");
    assertThat(refusal(List.of(0, 2, 2))).contains("has no layer in stage 1");
    assertThat(refusal(List.of(0, 2, 6))).contains("begins a stage with layer 6").contains("5");
  }

  @Test
  void aGivenCutThatAPinContradictsIsRefused() {
    LayerPins pins = new LayerPins(List.of(new LayerPin("2-3:1", 2, 3, 1)));
    PlanRequest request = new PlanRequest(times(6), 3, Costs.rules(), DeviceLimits.NONE, 1, pins);
    assertThat(Partitioners.given(List.of(0, 2, 4)).partition(request).stages()).hasSize(3);
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () -> Partitioners.given(List.of(0, 2, 3)).partition(request));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refusal)
        .hasMessageContaining("The cut [0, 2, 3] and the pin \"2-3:1\" contradict each other");
  }

  private static String refusal(List<Integer> cut) {
    StagecoachException refusal =
        catchThrowableOfType(
            StagecoachException.class,
            () -> Partitioners.given(cut).partition(Costs.request(times(6), 3)));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.PLAN);
    return refusal.getMessage();
  }

  @Test
  void anUnknownNameListsTheKnownOnes() {
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> Partitioners.named("ballanced"));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(refusal)
        .hasMessageContaining("ballanced")
        .hasMessageContaining("balanced, parameters, uniform");
  }

  private static ModelCosts times(int layers) {
    long[] ones = new long[layers];
    java.util.Arrays.fill(ones, 3);
    return Costs.times(ones);
  }
}
