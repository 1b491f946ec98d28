package io.stagecoach.spark.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.checkpoint.Interval;
import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.plan.DeviceKind;
import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.StagePin;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.tensor.WireType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class StagecoachConfTest {

  /** The whole mapping: for every key its default and another value, both as its accessor says. */
  private static final Map<String, Mapping> MAPPINGS = new TreeMap<>();

  private record Mapping(Object byDefault, String text, Object value) {}

  static {
    MAPPINGS.put("stages", new Mapping(2, "3", 3));
    MAPPINGS.put("microBatches", new Mapping(OrAuto.of(4), "8", OrAuto.of(8)));
    MAPPINGS.put("chunks", new Mapping(1, "2", 2));
    MAPPINGS.put("schedule", new Mapping(OrAuto.of("1f1b"), "GPipe", OrAuto.of("gpipe")));
    MAPPINGS.put(
        "schedule.file", new Mapping(Optional.empty(), "mine.txt", Optional.of("mine.txt")));
    MAPPINGS.put(
        "recompute",
        new Mapping(
            OrAuto.of(List.of(Recompute.NONE)), "stage", OrAuto.of(List.of(Recompute.STAGE))));
    MAPPINGS.put(
        "partitioner",
        new Mapping(PartitionerKind.BALANCED, "parameters", PartitionerKind.PARAMETERS));
    MAPPINGS.put(
        "memory.limit",
        new Mapping(
            DeviceMemory.NONE,
            "8g,gpu:40g,host-a:0,host-b:auto",
            new DeviceMemory(
                8L << 30,
                Map.of(
                    new StagePin.Kind(DeviceKind.GPU),
                    40L << 30,
                    new StagePin.Host("host-a"),
                    DeviceLimits.UNLIMITED,
                    new StagePin.Host("host-b"),
                    DeviceMemory.OWN))));
    MAPPINGS.put("threads", new Mapping(0, "16", 16));
    MAPPINGS.put("batchSize", new Mapping(64, "256", 256));
    MAPPINGS.put("epochs", new Mapping(1, "10", 10));
    MAPPINGS.put("maxSteps", new Mapping(0L, "5000000000", 5_000_000_000L));
    MAPPINGS.put("maxDuration", new Mapping(Duration.ZERO, "2h", Duration.ofHours(2)));
    MAPPINGS.put("seed", new Mapping(42L, "-7", -7L));
    MAPPINGS.put(
        "gradientWeight",
        new Mapping(GradientWeight.EXAMPLES, "timeSteps", GradientWeight.TIME_STEPS));
    MAPPINGS.put("learningRate", new Mapping(Optional.empty(), "0.001", Optional.of(0.001)));
    MAPPINGS.put("learningRate.warmupSteps", new Mapping(0L, "100", 100L));
    MAPPINGS.put(
        "learningRate.decay",
        new Mapping(LearningRateDecay.NONE, "Cosine", LearningRateDecay.COSINE));
    MAPPINGS.put("learningRate.decaySteps", new Mapping(0L, "5000", 5000L));
    MAPPINGS.put("learningRate.minimum", new Mapping(0.0, "0.0001", 0.0001));
    MAPPINGS.put("weightDecay", new Mapping(Optional.empty(), "0.1", Optional.of(0.1)));
    MAPPINGS.put(
        "checkpoint.interval",
        new Mapping(Interval.of(Duration.ofMinutes(5)), "50", Interval.ofSteps(50)));
    MAPPINGS.put(
        "checkpoint.path", new Mapping(Optional.empty(), "hdfs:///c", Optional.of("hdfs:///c")));
    MAPPINGS.put("checkpoint.keep", new Mapping(2, "5", 5));
    MAPPINGS.put("checkpoint.keepFor", new Mapping(Duration.ZERO, "2h", Duration.ofHours(2)));
    MAPPINGS.put("checkpoint.keepAfterSuccess", new Mapping(false, "true", true));
    MAPPINGS.put("resume", new Mapping(ResumeKind.AUTO, "never", ResumeKind.NEVER));
    MAPPINGS.put(
        "resume.differing", new Mapping(DifferingResume.FAIL, "accept", DifferingResume.ACCEPT));
    MAPPINGS.put("clip.norm", new Mapping(0.0, "1.5", 1.5));
    MAPPINGS.put("nonFinite.maxSkips", new Mapping(5, "0", 0));
    MAPPINGS.put("data.path", new Mapping(Optional.empty(), "s3a://b/t", Optional.of("s3a://b/t")));
    MAPPINGS.put("data.table", new Mapping(Optional.empty(), "db.t", Optional.of("db.t")));
    MAPPINGS.put("validation.patience", new Mapping(0, "3", 3));
    MAPPINGS.put("validation.minDelta", new Mapping(0.0, "0.01", 0.01));
    MAPPINGS.put("data.query", new Mapping(Optional.empty(), "SELECT 1", Optional.of("SELECT 1")));
    MAPPINGS.put("data.filter", new Mapping(Optional.empty(), "a > 1", Optional.of("a > 1")));
    MAPPINGS.put("data.version", new Mapping(Optional.empty(), "7", Optional.of("7")));
    MAPPINGS.put(
        "data.asOf",
        new Mapping(
            Optional.empty(),
            "2026-11-19T06:30:00+01:00",
            Optional.of(Instant.parse("2026-11-19T05:30:00Z"))));
    MAPPINGS.put("data.format", new Mapping(Optional.empty(), "delta", Optional.of("delta")));
    MAPPINGS.put("data.features", new Mapping(List.of("features"), "a, b", List.of("a", "b")));
    MAPPINGS.put("cut", new Mapping(List.of(), "0, 4,9", List.of(0, 4, 9)));
    MAPPINGS.put(
        "pin.layers",
        new Mapping(
            List.of(),
            "0-3:0, out:put:1",
            List.of(new PinnedLayers("0-3", 0), new PinnedLayers("out:put", 1))));
    MAPPINGS.put(
        "pin.stages",
        new Mapping(
            List.of(),
            "0:GPU, 1 : fd00::7",
            List.of(
                new StagePin(0, new StagePin.Kind(DeviceKind.GPU)),
                new StagePin(1, new StagePin.Host("fd00::7")))));
    MAPPINGS.put("plan.file", new Mapping(Optional.empty(), "a.json", Optional.of("a.json")));
    MAPPINGS.put("profile.file", new Mapping(Optional.empty(), "p.json", Optional.of("p.json")));
    MAPPINGS.put("profile.reuse", new Mapping(true, "false", false));
    MAPPINGS.put(
        "profile.compare", new Mapping(CompareExecutors.AUTO, "Always", CompareExecutors.ALWAYS));
    MAPPINGS.put("replicas", new Mapping(1, "3", 3));
    MAPPINGS.put("gradientBlocks", new Mapping(1, "3", 3));
    MAPPINGS.put("replan", new Mapping(false, "true", true));
    MAPPINGS.put("replan.gain", new Mapping(0.1, "0.25", 0.25));
    MAPPINGS.put("replan.repaySteps", new Mapping(1000, "50", 50));
    MAPPINGS.put("replan.perHour", new Mapping(12, "0", 0));
    MAPPINGS.put("data.imageSize", new Mapping(List.of(), "28, 20", List.of(28, 20)));
    MAPPINGS.put("data.label", new Mapping(List.of("label"), "y", List.of("y")));
    MAPPINGS.put("data.categorical", new Mapping(List.of(), "a, b", List.of("a", "b")));
    MAPPINGS.put(
        "data.categorical.encoding",
        new Mapping(CategoryEncoding.ONE_HOT, "index", CategoryEncoding.INDEX));
    MAPPINGS.put(
        "data.categorical.unknown",
        new Mapping(UnknownCategories.FAIL, "other", UnknownCategories.OTHER));
    MAPPINGS.put("data.weightColumn", new Mapping(Optional.empty(), "w", Optional.of("w")));
    MAPPINGS.put(
        "data.classWeights", new Mapping(ClassWeighting.NONE, "balanced", ClassWeighting.BALANCED));
    MAPPINGS.put("data.missing", new Mapping(MissingValues.FAIL, "drop", MissingValues.DROP));
    MAPPINGS.put("validation.keepBest", new Mapping(false, "true", true));
    MAPPINGS.put("retrain.folder", new Mapping(Optional.empty(), "m", Optional.of("m")));
    MAPPINGS.put("retrain.metric", new Mapping(PromotionMetric.LOSS, "f1", PromotionMetric.F1));
    MAPPINGS.put("retrain.margin", new Mapping(0.0, "0.01", 0.01));
    MAPPINGS.put("retrain.tolerance", new Mapping(0.1, "0.5", 0.5));
    MAPPINGS.put("retrain.heldOut.path", new Mapping(Optional.empty(), "h", Optional.of("h")));
    MAPPINGS.put("retrain.heldOut.table", new Mapping(Optional.empty(), "t", Optional.of("t")));
    MAPPINGS.put("retrain.heldOut.query", new Mapping(Optional.empty(), "q", Optional.of("q")));
    MAPPINGS.put("retrain.heldOut.filter", new Mapping(Optional.empty(), "f", Optional.of("f")));
    MAPPINGS.put("retrain.rerun", new Mapping(RerunKind.SKIP, "replace", RerunKind.REPLACE));
    MAPPINGS.put("retrain.nothingNew.exitCode", new Mapping(0, "99", 99));
    MAPPINGS.put(
        "retrain.lease", new Mapping(Duration.ofMinutes(5), "30s", Duration.ofSeconds(30)));
    MAPPINGS.put("data.validationShare", new Mapping(0.1, "0.25", 0.25));
    MAPPINGS.put(
        "data.normalize", new Mapping(Normalization.NONE, "minmax", Normalization.MIN_MAX));
    MAPPINGS.put("data.text", new Mapping(Optional.empty(), "body", Optional.of("body")));
    MAPPINGS.put(
        "data.tokenizer", new Mapping(TokenizerKind.CHARACTERS, "BPE", TokenizerKind.BYTE_PAIRS));
    MAPPINGS.put("data.vocabulary", new Mapping(0, "4096", 4096));
    MAPPINGS.put("data.sequenceLength", new Mapping(64, "128", 128));
    MAPPINGS.put("data.shuffle", new Mapping(true, "false", false));
    MAPPINGS.put("batchStore.path", new Mapping(Optional.empty(), "/b", Optional.of("/b")));
    MAPPINGS.put("batchStore.keep", new Mapping(true, "FALSE", false));
    MAPPINGS.put("batchStore.chunkRows", new Mapping(0, "1024", 1024));
    MAPPINGS.put("model.config", new Mapping(Optional.empty(), "m.json", Optional.of("m.json")));
    MAPPINGS.put("model.from", new Mapping(Optional.empty(), "m.zip", Optional.of("m.zip")));
    MAPPINGS.put("model.preset", new Mapping(Optional.empty(), "p", Optional.of("p")));
    MAPPINGS.put("output.path", new Mapping(Optional.empty(), "o.zip", Optional.of("o.zip")));
    MAPPINGS.put("output.overwrite", new Mapping(false, "true", true));
    MAPPINGS.put("progress", new Mapping(ProgressStyle.AUTO, "lines", ProgressStyle.LINES));
    MAPPINGS.put("sample.length", new Mapping(300, "0", 0));
    MAPPINGS.put("sample.temperature", new Mapping(0.8, "0", 0.0));
    MAPPINGS.put("sample.start", new Mapping("", "Once ", "Once "));
    MAPPINGS.put(
        "mlflow.trackingUri",
        new Mapping(Optional.empty(), "http://mlflow:5000", Optional.of("http://mlflow:5000")));
    MAPPINGS.put("mlflow.experiment", new Mapping("stagecoach", "churn", "churn"));
    MAPPINGS.put("generate.prompts", new Mapping(Optional.empty(), "p.txt", Optional.of("p.txt")));
    MAPPINGS.put("generate.column", new Mapping(Optional.empty(), "p", Optional.of("p")));
    MAPPINGS.put("generate.maxLength", new Mapping(300, "20", 20));
    MAPPINGS.put("generate.temperature", new Mapping(0.8, "0", 0.0));
    MAPPINGS.put("generate.topK", new Mapping(0, "40", 40));
    MAPPINGS.put("generate.topP", new Mapping(1.0, "0.9", 0.9));
    MAPPINGS.put("generate.stop", new Mapping("", "The end", "The end"));
    MAPPINGS.put("generate.group", new Mapping(16, "4", 4));
    MAPPINGS.put("score.mode", new Mapping(ScoreMode.AUTO, "pipeline", ScoreMode.PIPELINE));
    MAPPINGS.put("score.format", new Mapping("parquet", "ORC", "orc"));
    MAPPINGS.put("score.keep", new Mapping(List.of("*"), "a, b", List.of("a", "b")));
    MAPPINGS.put("score.table", new Mapping(Optional.empty(), "a.b", Optional.of("a.b")));
    MAPPINGS.put(
        "score.table.format", new Mapping(Optional.empty(), "delta", Optional.of("delta")));
    MAPPINGS.put("score.replace", new Mapping(Optional.empty(), "a = 1", Optional.of("a = 1")));
    MAPPINGS.put("retrain.keep", new Mapping(0, "3", 3));
    MAPPINGS.put(
        "score.partitionBy", new Mapping(Optional.empty(), "day", Optional.of(List.of("day"))));
    MAPPINGS.put("score.batchSize", new Mapping(256, "64", 64));
    MAPPINGS.put(
        "deadline.launch", new Mapping(Duration.ofMinutes(2), "90", Duration.ofSeconds(90)));
    MAPPINGS.put("deadline.step", new Mapping(Duration.ofMinutes(10), "1h", Duration.ofHours(1)));
    MAPPINGS.put(
        "deadline.contact", new Mapping(Duration.ofSeconds(30), "500ms", Duration.ofMillis(500)));
    MAPPINGS.put(
        "deadline.heartbeat", new Mapping(Duration.ofSeconds(30), "5s", Duration.ofSeconds(5)));
    MAPPINGS.put(
        "deadline.stop", new Mapping(Duration.ofSeconds(20), "1min", Duration.ofMinutes(1)));
    MAPPINGS.put(
        "gpu.find", new Mapping(Optional.empty(), "nvidia-smi", Optional.of("nvidia-smi")));
    MAPPINGS.put("gpu.lockFolder", new Mapping("/tmp/stagecoach-gpus", "/run/gpus", "/run/gpus"));
    MAPPINGS.put("gpu.cpuFallback", new Mapping(false, "true", true));
    MAPPINGS.put("recovery.attempts", new Mapping(3, "0", 0));
    MAPPINGS.put("recovery.perHour", new Mapping(20, "7", 7));
    MAPPINGS.put(
        "recovery.replacement", new Mapping(Duration.ofMinutes(2), "9s", Duration.ofSeconds(9)));
    MAPPINGS.put("recovery.leastExecutors", new Mapping(0, "1", 1));
    MAPPINGS.put(
        "exchange", new Mapping(ExchangeKind.STREAMING, "Streaming", ExchangeKind.STREAMING));
    MAPPINGS.put(
        "synchronizer",
        new Mapping(SynchronizerKind.DRIVER, "Executor", SynchronizerKind.EXECUTOR));
    MAPPINGS.put("synchronizer.threads", new Mapping(0, "3", 3));
    MAPPINGS.put("wireType", new Mapping(WireType.FLOAT32, "Float16", WireType.FLOAT16));
    MAPPINGS.put(
        "exchange.frameLimit", new Mapping(new DataSize(8L << 30), "1g", new DataSize(1L << 30)));
    MAPPINGS.put("exchange.credit", new Mapping(16, "4", 4));
    MAPPINGS.put("port.driver", new Mapping(0, "7077", 7077));
    MAPPINGS.put("port.executor", new Mapping(0, "7078", 7078));
  }

  static Stream<Setting<?>> everySetting() {
    return Settings.all().stream();
  }

  @Test
  void everySettingIsMapped() {
    assertThat(MAPPINGS.keySet())
        .containsExactlyInAnyOrderElementsOf(Settings.all().stream().map(Setting::name).toList());
  }

  @ParameterizedTest
  @MethodSource("everySetting")
  void hasItsDefault(Setting<?> setting) throws Exception {
    StagecoachConf conf = StagecoachConf.from(new SparkConf(false));

    assertThat(byAccessor(conf, setting)).isEqualTo(mapping(setting).byDefault());
    assertThat(conf.changed()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("everySetting")
  void readsItsValue(Setting<?> setting) throws Exception {
    StagecoachConf conf = read(setting.name(), mapping(setting).text());

    assertThat(byAccessor(conf, setting)).isEqualTo(mapping(setting).value());
  }

  @ParameterizedTest
  @MethodSource("everySetting")
  void writesWhatItReads(Setting<?> setting) {
    roundTrip(setting, setting.defaultValue());
    roundTripOfText(setting, mapping(setting).text());
  }

  @ParameterizedTest
  @MethodSource("everySetting")
  void hasASentence(Setting<?> setting) {
    assertThat(setting.sentence()).endsWith(".").doesNotContain("|");
    assertThat(setting.type().allowed()).isNotBlank().doesNotContain("|");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "stages; 0; a whole number from 1 to 4096",
        "stages; two; a whole number from 1 to 4096",
        "batchSize; 9999999999; a whole number, at least 1",
        "maxSteps; -1; a whole number, at least 0",
        "seed; 1.5; a whole number",
        "schedule; zigzag; one of 1f1b, eager-1f1b, gpipe, interleaved-1f1b, looped-bfs, zb-h1, or"
            + " auto",
        "recompute; all; none, stage, or one of these for each stage with commas between, such as"
            + " stage,none, or auto",
        "data.validationShare; 1; a number, at least 0 and below 1",
        "clip.norm; NaN; a number, at least 0",
        "data.shuffle; maybe; true or false",
        "data.features; a,,b; a column's name, or several with commas between",
        "data.features; a,a; a column's name, or several with commas between",
        "deadline.step; 0s; a time such as 500ms, 30s, 10min or 2h, at least 1ms",
        "deadline.step; soon; a time such as 500ms, 30s, 10min or 2h, at least 1ms",
        "deadline.step; 9223372036854775807; a time such as 500ms, 30s, 10min or 2h, at least 1ms",
        "data.features.image; a,,b; a column's name, or several with commas between",
        "data.label.side; ,; a column's name, or several with commas between",
        "data.imageSize; 28; height and width with a comma between, such as 28,28",
        "data.asOf; yesterday; a time such as 2026-11-19, 2026-11-19T06:30:00 or"
            + " 2026-11-19T06:30:00+01:00, in UTC where it says nothing else",
        "cut; 0,,4; the first layer of each stage with commas between, such as 0,4,9",
        "memory.limit; -1g; a size such as 512k or 8g, or auto, and others for cpu,"
            + " gpu or hosts behind it, with commas between, as 8g,gpu:auto,host-a:4g",
        "memory.limit; gpu:8g,4g; a size such as 512k or 8g, or auto, and others for cpu,"
            + " gpu or hosts behind it, with commas between, as 8g,gpu:auto,host-a:4g",
        "memory.limit; gpu:8g,GPU:4g; a size such as 512k or 8g, or auto, and others for cpu,"
            + " gpu or hosts behind it, with commas between, as 8g,gpu:auto,host-a:4g",
        "memory.limit; gpu:; a size such as 512k or 8g, or auto, and others for cpu,"
            + " gpu or hosts behind it, with commas between, as 8g,gpu:auto,host-a:4g",
        "exchange.credit; 0; a whole number from 1 to 65536",
        "port.driver; 70000; a whole number from 0 to 65535",
      })
  void namesKeyValueAndWhatIsAllowed(String name, String text, String allowed) {
    StagecoachException error =
        catchThrowableOfType(StagecoachException.class, () -> read(name, text));

    assertThat(error.kind()).isEqualTo(ErrorKind.CONFIGURATION);
    assertThat(error.what())
        .isEqualTo("spark.stagecoach." + name + " is '" + text + "'; allowed is " + allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-19, 2026-11-19T00:00:00Z",
    "2026-11-19 06:30:00, 2026-11-19T06:30:00Z",
    "2026-11-19T06:30:00.250, 2026-11-19T06:30:00.250Z",
    "2026-11-19T06:30:00Z, 2026-11-19T06:30:00Z",
    "2026-11-19T06:30:00-05:00, 2026-11-19T11:30:00Z",
  })
  void readsPointsInTime(String text, String instant) {
    assertThat(read("data.asOf", text).dataAsOf()).contains(Instant.parse(instant));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "data.table; data.query; spark.stagecoach.data.table and spark.stagecoach.data.query are set",
        "data.version; data.asOf; spark.stagecoach.data.version and spark.stagecoach.data.asOf are",
        "data.query; data.version; spark.stagecoach.data.version is set, but a query names",
        "data.query; data.asOf; spark.stagecoach.data.asOf is set, but a query names",
      })
  void refusesContradictionsOfSources(String one, String other, String problem) {
    SparkConf spark =
        new SparkConf(false)
            .set("spark.stagecoach." + one, "2026-11-19")
            .set("spark.stagecoach." + other, "2026-11-19");

    assertThatThrownBy(() -> StagecoachConf.from(spark)).hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource({"cut, '0,2'", "wireType, float16"})
  void refusesToMoveLayersThatMustStay(String name, String text) {
    SparkConf spark =
        new SparkConf(false)
            .set("spark.stagecoach.replan", "true")
            .set("spark.stagecoach." + name, text);

    assertThatThrownBy(() -> StagecoachConf.from(spark))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("spark.stagecoach.replan")
        .hasMessageContaining("spark.stagecoach." + name)
        .hasMessageContaining("allowed is one of them");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "pin.layers; 3; is '3'; allowed is layers and a stage with a colon between",
        "pin.layers; 3:x; is '3:x'; allowed is layers and a stage with a colon between",
        "pin.layers; 0:0,3:2; has \"3:2\", and spark.stagecoach.stages is 2; a stage from 0 to 1",
        "pin.stages; 2:a; has \"2:a\", and spark.stagecoach.stages is 2; a stage from 0 to 1",
        "pin.stages; a:1; is 'a:1'; allowed is a stage and a host, cpu or gpu with a colon between",
        "pin.stages; 1:GPU,1:cpu; has \"1:gpu\" and \"1:cpu\", which contradict; one kind of device",
        "recompute; stage,none,stage; tells it of 3 stages, and there are 2; one word for all",
        "recompute; stage,some; is 'stage,some'; allowed is none, stage, or one of these for each",
        "pin.stages; 1:a,0:b,1:b; has \"1:a\" and \"1:b\", which contradict each other; one host",
      })
  void refusesPinsThatCannotBe(String name, String text, String problem, String allowed) {
    assertThatThrownBy(() -> read(name, text))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("spark.stagecoach." + name + " " + problem)
        .hasMessageContaining(allowed);
  }

  @Test
  void everyReplicaSumsOneBlockOfMicroBatches() {
    StagecoachConf conf = read("replicas", "3");
    assertThat(conf.gradientBlocks()).isEqualTo(3);
    assertThat(conf.executors()).isEqualTo(6);
    assertThat(conf.withoutReplicas().gradientBlocks()).isOne();
    SparkConf spark = new SparkConf(false).set("spark.stagecoach.replicas", "2");

    assertThatThrownBy(
            () -> StagecoachConf.from(spark.clone().set("spark.stagecoach.gradientBlocks", "4")))
        .hasMessageContaining("spark.stagecoach.gradientBlocks is 4")
        .hasMessageContaining("spark.stagecoach.replicas is 2");
    assertThatThrownBy(
            () -> StagecoachConf.from(spark.clone().set("spark.stagecoach.microBatches", "1")))
        .hasMessageContaining("microBatches is 1, fewer than the 2 replicas that share them");
    assertThatThrownBy(() -> read("gradientBlocks", "5"))
        .hasMessageContaining("microBatches is 4, fewer than the 5 blocks that they make");
    assertThat(
            StagecoachConf.from(spark.clone().set("spark.stagecoach.microBatches", "auto"))
                .replicas())
        .isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({
    "microBatch, microBatches",
    "batchsize, batchSize",
    "data.lable, data.label",
    "model.presets, model.preset",
    "stage, stages"
  })
  void namesTheNearestOfAnUnknownKey(String name, String nearest) {
    assertThatThrownBy(() -> read(name, "1"))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining(
            "there is no setting spark.stagecoach."
                + name
                + "; the nearest is spark.stagecoach."
                + nearest);
  }

  @Test
  void reportsEveryProblemAtOnce() {
    SparkConf spark =
        new SparkConf(false)
            .set("spark.stagecoach.stages", "none")
            .set("spark.stagecoach.epoch", "3")
            .set("spark.stagecoach.batchSize", "2")
            .set("spark.stagecoach.data.path", "a")
            .set("spark.stagecoach.learningRate", "0.1")
            .set("spark.stagecoach.learningRate.minimum", "0.2")
            .set("spark.stagecoach.data.table", "b")
            .set("spark.stagecoach.model.preset.width", "8");

    assertThatThrownBy(() -> StagecoachConf.from(spark))
        .isInstanceOf(StagecoachException.class)
        .hasMessageContaining("6 settings are not right")
        .hasMessageContaining("spark.stagecoach.stages is 'none'")
        .hasMessageContaining("there is no setting spark.stagecoach.epoch; the nearest is")
        .hasMessageContaining("spark.stagecoach.microBatches is 4, more than the 2 examples")
        .hasMessageContaining("spark.stagecoach.data.path and spark.stagecoach.data.table are set")
        .hasMessageContaining("spark.stagecoach.learningRate.minimum is 0.2; allowed is at most")
        .hasMessageContaining("spark.stagecoach.model.preset.width is set, but not");
  }

  @Test
  void keepsTheBestByDefaultWherePatienceTrainsOnPastIt() {
    SparkConf spark = new SparkConf(false).set("spark.stagecoach.validation.patience", "2");
    assertThat(StagecoachConf.from(spark).validationKeepBest()).isTrue();
    spark.set("spark.stagecoach.validation.keepBest", "false");
    assertThat(StagecoachConf.from(spark).validationKeepBest()).isFalse();
  }

  @Test
  void refusesPatienceWithoutValidation() {
    SparkConf spark =
        new SparkConf(false)
            .set("spark.stagecoach.validation.patience", "2")
            .set("spark.stagecoach.data.validationShare", "0");

    assertThatThrownBy(() -> StagecoachConf.from(spark))
        .hasMessageContaining("spark.stagecoach.validation.patience is set, but")
        .hasMessageContaining("nothing is validated");
  }

  @Test
  void passesFamiliesOfKeysOn() {
    StagecoachConf conf =
        StagecoachConf.from(
            new SparkConf(false)
                .set("spark.stagecoach.data.options.delimiter", ";")
                .set("spark.stagecoach.data.features.image", "a, b")
                .set("spark.stagecoach.data.label.side", "c")
                .set("spark.stagecoach.data.classWeights.2", "2.5")
                .set("spark.stagecoach.model.preset", "character-lstm")
                .set("spark.stagecoach.model.preset.width", "128"));

    assertThat(conf.dataOptions()).containsExactly(Map.entry("delimiter", ";"));
    assertThat(conf.modelPresetSettings()).containsExactly(Map.entry("width", "128"));
    assertThat(conf.dataFeaturesOf()).containsExactly(Map.entry("image", List.of("a", "b")));
    assertThat(conf.dataLabelOf()).containsExactly(Map.entry("side", List.of("c")));
    assertThat(conf.changed())
        .containsExactly(
            "spark.stagecoach.model.preset=character-lstm",
            "spark.stagecoach.data.options.delimiter=;",
            "spark.stagecoach.model.preset.width=128",
            "spark.stagecoach.data.features.image=a,b",
            "spark.stagecoach.data.label.side=c",
            "spark.stagecoach.data.classWeights.2=2.5");
  }

  @Test
  void everyAccessorHasASetting() {
    List<String> accessors =
        Stream.of(StagecoachConf.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()))
            .filter(method -> !Modifier.isStatic(method.getModifiers()))
            .filter(method -> method.getParameterCount() == 0)
            .map(Method::getName)
            .toList();

    assertThat(accessors)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(
                    Settings.all().stream().map(StagecoachConfTest::accessor),
                    Stream.of(
                        "dataOptions",
                        "modelPresetSettings",
                        "dataFeaturesOf",
                        "dataLabelOf",
                        "dataClassWeightsOf",
                        "retrainHasHeldOut",
                        "executors",
                        "withoutReplicas",
                        "changed"))
                .toList());
  }

  private static StagecoachConf read(String name, String text) {
    return StagecoachConf.from(new SparkConf(false).set("spark.stagecoach." + name, text));
  }

  private static Mapping mapping(Setting<?> setting) {
    return MAPPINGS.get(setting.name());
  }

  private static Object byAccessor(StagecoachConf conf, Setting<?> setting) throws Exception {
    return StagecoachConf.class.getMethod(accessor(setting)).invoke(conf);
  }

  /** {@code data.sequenceLength} is read by {@code dataSequenceLength()}. */
  private static String accessor(Setting<?> setting) {
    StringBuilder name = new StringBuilder();
    for (String part : setting.name().split("\\.", -1)) {
      name.append(
          name.isEmpty()
              ? part
              : part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1));
    }
    return name.toString();
  }

  private static <T> void roundTripOfText(Setting<T> setting, String text) {
    roundTrip(setting, setting.type().parse(text));
  }

  private static <T> void roundTrip(Setting<T> setting, Object value) {
    @SuppressWarnings("unchecked")
    T typed = (T) value;
    assertThat(setting.type().parse(setting.type().format(typed))).isEqualTo(typed);
  }
}
