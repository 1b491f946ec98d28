package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PairTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.engine.profile.SizeTimes;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.plan.LayerCost;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.report.ProfileJson;
import io.stagecoach.spark.config.StagecoachConf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which profile of an earlier run is taken. */
class KnownProfileTest {

  private static final Map<String, String> NOW = Map.of("batch size", "32", "machine", "fast");
  private static final RunProfile PROFILE =
      new RunProfile(
          32,
          model("Dense"),
          new LayerTimes(List.of(new SizeTimes(8, List.of(new PassTimes(1, 2, 1, 1))))),
          HopTimes.NONE,
          1.5);

  @TempDir Path directory;

  private static ModelCosts model(String kind) {
    return new ModelCosts(List.of(new LayerCost(0, "l", kind, 1, 4, 4, 4, 0, 1, 2)), 4, 8);
  }

  private String written(String name, RunProfile profile) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, ProfileJson.write(profile));
    return file.toUri().toString();
  }

  private Optional<KnownProfile> look(Map<String, String> settings, ModelCosts model) {
    SparkConf conf = new SparkConf(false);
    settings.forEach((name, value) -> conf.set("spark.stagecoach." + name, value));
    return KnownProfile.look(StagecoachConf.from(conf), new Configuration(false), model, NOW);
  }

  private Optional<KnownProfile> look(Map<String, String> settings) {
    return look(settings, model("Dense"));
  }

  private String place(String name) {
    return directory.resolve(name).toUri().toString();
  }

  @Test
  void oneInTheOutputFolderIsTakenUnderTheSameConditions() throws IOException {
    Map<String, String> settings = Map.of("output.path", place("out"));
    assertThat(look(settings)).isEmpty();
    written("out/profile.json", PROFILE.under(NOW));
    assertThat(look(settings))
        .get()
        .extracting(KnownProfile::profile)
        .isEqualTo(PROFILE.under(NOW));
    assertThat(look(settings).get().line()).contains("out/profile.json", "not measured again");
    assertThat(look(Map.of("output.path", place("out"), "profile.reuse", "false"))).isEmpty();

    written("out/profile.json", PROFILE.under(Map.of("batch size", "32", "machine", "slow")));
    assertThat(look(settings)).isEmpty();
    written("out/profile.json", PROFILE);
    assertThat(look(settings)).as("it does not say its conditions").isEmpty();
    Files.writeString(directory.resolve("out/profile.json"), "{");
    assertThat(look(settings)).isEmpty();
  }

  @Test
  void oneBesideTheModelThatIsTrainedOnIsTaken() throws IOException {
    written("yesterday/profile.json", PROFILE.under(NOW));
    for (String from : List.of("yesterday", "yesterday/model.zip")) {
      assertThat(look(Map.of("output.path", place("today"), "model.from", place(from))))
          .isPresent();
    }
  }

  @Test
  void whatDiffersIsSaid() {
    assertThat(PROFILE.under(NOW).differences(NOW)).isEmpty();
    assertThat(PROFILE.under(Map.of("batch size", "64")).differences(NOW))
        .containsExactlyInAnyOrder(
            "batch size was 64, is 32", "machine is fast, and was not noted");
    assertThat(PROFILE.under(NOW).differences(Map.of("machine", "fast")))
        .as("what does not count")
        .isEmpty();
  }

  @Test
  void oneThatIsNamedIsTakenWhateverTheConditionsIfItIsOfSuchLayers() throws IOException {
    written("out/profile.json", PROFILE.under(NOW));
    String file = written("mine.json", PROFILE);
    Map<String, String> settings = Map.of("output.path", place("out"), "profile.file", file);
    assertThat(look(settings)).get().extracting(KnownProfile::profile).isEqualTo(PROFILE);
    assertThatThrownBy(() -> look(settings, model("LSTM")))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("mine.json is of layers [Dense], and the model has [LSTM]");
    assertThatThrownBy(() -> look(Map.of("profile.file", place("none.json"))))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("none.json cannot be read");
  }

  @Test
  void whereExecutorsDifferedItIsMeasuredAgain() throws IOException {
    RunProfile alike =
        PROFILE.under(NOW).on(List.of(device("1", 100_000_000), device("2", 120_000_000)));
    RunProfile small = PROFILE.under(NOW).on(List.of(device("1", 100_000), device("2", 900_000)));
    RunProfile different =
        PROFILE.under(NOW).on(List.of(device("1", 100_000_000), device("2", 150_000_000)));
    Map<String, String> settings = Map.of("output.path", place("out"));
    written("out/profile.json", alike);
    assertThat(look(settings)).get().extracting(KnownProfile::profile).isEqualTo(alike);
    written("out/profile.json", small);
    assertThat(look(settings)).as("too little to be told").isPresent();
    String file = written("out/profile.json", different);
    assertThat(look(settings)).isEmpty();
    assertThat(look(Map.of("profile.file", file)))
        .get()
        .extracting(KnownProfile::profile)
        .isEqualTo(different);
  }

  @Test
  void whereHopsBetweenExecutorsDifferedItIsMeasuredAgain() throws IOException {
    RunProfile alike = PROFILE.under(NOW).between(List.of(pair("1", 1), pair("2", 1)));
    RunProfile different = PROFILE.under(NOW).between(List.of(pair("1", 1), pair("2", 9)));
    Map<String, String> settings = Map.of("output.path", place("out"));
    written("out/profile.json", alike);
    assertThat(look(settings))
        .get()
        .extracting(known -> known.profile().pairs())
        .as("executors of the same names may be elsewhere")
        .isEqualTo(List.of());
    String file = written("out/profile.json", different);
    assertThat(look(settings)).isEmpty();
    assertThat(look(Map.of("profile.file", file)))
        .get()
        .extracting(known -> known.profile().pairs())
        .isEqualTo(List.of());
  }

  private static PairTimes pair(String executor, long millis) {
    return new PairTimes("0", executor, new HopTimes(millis * 1_000_000, 0));
  }

  private static DeviceTimes device(String executor, long nanos) {
    return new DeviceTimes(executor, "host", nanos / 3, nanos - nanos / 3);
  }

  /** Profiles from before executors were compared say nothing of them. */
  @Test
  void aProfileWithoutExecutorsIsRead() {
    String older = ProfileJson.write(PROFILE).replaceFirst(",\\s*\"devices\" : \\[\\s*\\]", "");
    assertThat(older).doesNotContain("devices");
    assertThat(ProfileJson.read(older)).isEqualTo(PROFILE);
  }

  /** Profiles from before there were conditions have none. */
  @Test
  void anOlderProfileIsRead() {
    String older = ProfileJson.write(PROFILE).replaceFirst(",\\s*\"conditions\" : \\{\\s*\\}", "");
    assertThat(older).doesNotContain("conditions");
    assertThat(ProfileJson.read(older)).isEqualTo(PROFILE);
  }
}
