package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.engine.dl4j.LayerCosts;
import io.stagecoach.engine.dl4j.Networks;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.plan.Quantity;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

class LeanerPlansTest {

  private static final Dl4jModel NETWORK = Dl4jModel.parse(Networks.mlp());

  private static ModelCosts costs(int rows) {
    return LayerCosts.of(NETWORK, rows, 1);
  }

  private static SparkConf settings(Map<String, String> changed) {
    SparkConf settings = new SparkConf(false);
    settings.set("spark.stagecoach.batchSize", "4096");
    settings.set("spark.stagecoach.microBatches", "4");
    settings.set("spark.stagecoach.stages", "2");
    changed.forEach((name, value) -> settings.set("spark.stagecoach." + name, value));
    return settings;
  }

  private static TrainingPlan plan(SparkConf settings) {
    return PipelineChoices.of(
            StagecoachConf.from(settings), new Configuration(false), LeanerPlansTest::costs)
        .byOperations();
  }

  private static String needed(Map<String, String> changed) {
    return Quantity.bytes(plan(settings(changed)).memory());
  }

  private static StagecoachException advised(SparkConf settings, StagecoachException failure) {
    return new LeanerPlans(settings, new Configuration(false), LeanerPlansTest::costs)
        .advise(failure, plan(settings));
  }

  private static StagecoachException shortage(Where where) {
    return new StagecoachException(
        ErrorKind.RESOURCE, "Out of memory during F1.2", where, "Give more", null);
  }

  @Test
  void whatWouldNeedLessIsNamedWithItsSetting() {
    StagecoachException advised = advised(settings(Map.of()), shortage(Where.stage(1).atStep(4)));
    assertThat(advised.kind()).isEqualTo(ErrorKind.RESOURCE);
    assertThat(advised.what()).isEqualTo("Out of memory during F1.2");
    assertThat(advised.where()).isEqualTo(Where.stage(1).atStep(4));
    assertThat(advised.remedy())
        .startsWith("Give more")
        .contains("stages need " + needed(Map.of()))
        .contains(needed(Map.of("recompute", "stage")) + " with spark.stagecoach.recompute=stage")
        .contains(needed(Map.of("microBatches", "8")) + " with spark.stagecoach.microBatches=8")
        .as("a third and fourth micro-batch in flight outweigh a smaller share of the layers")
        .doesNotContain("stages=4");
  }

  @Test
  void moreStagesAreAdvisedWhereWeightsAreWhatIsLarge() {
    Map<String, String> few = Map.of("batchSize", "8");
    Map<String, String> more = Map.of("batchSize", "8", "stages", "4");
    assertThat(advised(settings(few), shortage(Where.stage(0))).remedy())
        .contains(needed(more) + " with spark.stagecoach.stages=4");
  }

  @Test
  void whatCannotBeIsNotAdvised() {
    SparkConf most =
        settings(
            Map.of("recompute", "stage", "batchSize", "8", "microBatches", "8", "stages", "4"));
    assertThat(advised(most, shortage(Where.stage(1))).remedy())
        .doesNotContain("microBatches=", "recompute=", "stages=");
  }

  @Test
  void otherFailuresAndTheDriversOwnAreLeftAsTheyAre() {
    StagecoachException data = new StagecoachException(ErrorKind.DATA, "a row is bad", "");
    assertThat(advised(settings(Map.of()), data)).isSameAs(data);
    StagecoachException driver = shortage(Where.nowhere());
    assertThat(advised(settings(Map.of()), driver)).isSameAs(driver);
  }
}
