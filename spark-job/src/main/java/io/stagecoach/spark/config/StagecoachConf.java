package io.stagecoach.spark.config;

import io.stagecoach.checkpoint.Interval;
import io.stagecoach.engine.Recompute;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.StagePin;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.tensor.WireType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;

/**
 * The settings of one run, read and checked once: what the {@code SparkConf} says, else the
 * default. Immutable; one method per setting, with the name of its key.
 */
public final class StagecoachConf {

  private static final String REMEDY =
      "Correct it in --conf or --properties-file; docs/configuration.md lists every setting.";

  /** Of one class. */
  private static final SettingType<Double> CLASS_WEIGHT =
      SettingType.real(0, Double.POSITIVE_INFINITY);

  private final Set<String> given;
  private final Map<Setting<?>, Object> values;
  private final SortedMap<String, String> dataOptions;
  private final SortedMap<String, String> presetSettings;
  private final SortedMap<String, List<String>> featuresOf;
  private final SortedMap<String, List<String>> labelOf;
  private final SortedMap<String, Double> classWeightsOf;

  private StagecoachConf(
      Set<String> given,
      Map<Setting<?>, Object> values,
      SortedMap<String, String> dataOptions,
      SortedMap<String, String> presetSettings,
      SortedMap<String, List<String>> featuresOf,
      SortedMap<String, List<String>> labelOf,
      SortedMap<String, Double> classWeightsOf) {
    this.given = given;
    this.values = values;
    this.dataOptions = dataOptions;
    this.presetSettings = presetSettings;
    this.featuresOf = featuresOf;
    this.labelOf = labelOf;
    this.classWeightsOf = classWeightsOf;
  }

  /**
   * Reads the keys {@code spark.stagecoach.*}.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CONFIGURATION}, with every problem that
   *     there is: unknown keys, values that are not allowed, settings that contradict each other
   */
  public static StagecoachConf from(SparkConf spark) {
    SortedMap<String, String> given = new TreeMap<>();
    for (var entry : spark.getAllWithPrefix(Settings.PREFIX)) {
      given.put(entry._1(), entry._2());
    }
    List<String> problems = new ArrayList<>(unknownKeys(given));

    Map<Setting<?>, Object> values = new HashMap<>();
    for (Setting<?> setting : Settings.all()) {
      values.put(setting, value(setting, given.get(setting.name()), problems));
    }
    SortedMap<String, List<String>> featuresOf =
        valuesBehind(Settings.DATA_FEATURES_OF, Settings.DATA_FEATURES.type(), given, problems);
    SortedMap<String, List<String>> labelOf =
        valuesBehind(Settings.DATA_LABEL_OF, Settings.DATA_LABEL.type(), given, problems);
    StagecoachConf conf =
        new StagecoachConf(
            Set.copyOf(given.keySet()),
            values,
            behind(Settings.DATA_OPTIONS, given),
            behind(Settings.MODEL_PRESET_SETTINGS, given),
            featuresOf,
            labelOf,
            valuesBehind(Settings.DATA_CLASS_WEIGHTS_OF, CLASS_WEIGHT, given, problems));
    conf.addContradictions(problems);
    if (!problems.isEmpty()) {
      String what =
          problems.size() == 1
              ? problems.get(0)
              : problems.stream()
                  .map(problem -> "\n  - " + problem)
                  .collect(
                      Collectors.joining("", problems.size() + " settings are not right:", "\n"));
      throw new StagecoachException(ErrorKind.CONFIGURATION, what, REMEDY);
    }
    return conf;
  }

  private static List<String> unknownKeys(SortedMap<String, String> given) {
    List<String> known = new ArrayList<>(Settings.all().stream().map(Setting::name).toList());
    return given.keySet().stream()
        .filter(name -> !known.contains(name))
        .filter(
            name ->
                Settings.prefixes().stream()
                    .noneMatch(
                        prefix ->
                            name.startsWith(prefix.name())
                                && name.length() > prefix.name().length()))
        .map(
            name ->
                "there is no setting "
                    + Settings.PREFIX
                    + name
                    + Nearest.to(name, known)
                        .map(nearest -> "; the nearest is " + Settings.PREFIX + nearest)
                        .orElse(""))
        .toList();
  }

  private static <T> T value(Setting<T> setting, String text, List<String> problems) {
    return text == null
        ? setting.defaultValue()
        : value(setting.type(), setting.key(), text, problems).orElse(setting.defaultValue());
  }

  private static <T> Optional<T> value(
      SettingType<T> like, String key, String text, List<String> problems) {
    try {
      return Optional.of(like.parse(text));
    } catch (IllegalArgumentException | ArithmeticException notAllowed) {
      problems.add(key + " is '" + text + "'; allowed is " + like.allowed());
      return Optional.empty();
    }
  }

  private static SortedMap<String, String> behind(
      SettingPrefix prefix, SortedMap<String, String> given) {
    SortedMap<String, String> found = new TreeMap<>();
    given.forEach(
        (name, text) -> {
          if (name.startsWith(prefix.name()) && name.length() > prefix.name().length()) {
            found.put(name.substring(prefix.name().length()), text);
          }
        });
    return found;
  }

  private static <T> SortedMap<String, T> valuesBehind(
      SettingPrefix prefix,
      SettingType<T> like,
      SortedMap<String, String> given,
      List<String> problems) {
    SortedMap<String, T> found = new TreeMap<>();
    behind(prefix, given)
        .forEach(
            (name, text) ->
                value(like, prefix.key() + name, text, problems)
                    .ifPresent(value -> found.put(name, value)));
    return found;
  }

  private void addContradictions(List<String> problems) {
    atMostOneOf(List.of(Settings.DATA_PATH, Settings.DATA_TABLE, Settings.DATA_QUERY), problems);
    atMostOneOf(List.of(Settings.DATA_VERSION, Settings.DATA_AS_OF), problems);
    atMostOneOf(
        List.of(
            Settings.RETRAIN_HELD_OUT_PATH,
            Settings.RETRAIN_HELD_OUT_TABLE,
            Settings.RETRAIN_HELD_OUT_QUERY),
        problems);
    for (Setting<?> snapshot : List.of(Settings.DATA_VERSION, Settings.DATA_AS_OF)) {
      if (dataQuery().isPresent() && !get(snapshot).equals(snapshot.defaultValue())) {
        problems.add(
            snapshot.key()
                + " is set, but a query names its snapshots itself: SELECT … FROM a VERSION AS OF 3,"
                + " or TIMESTAMP AS OF");
      }
    }
    atMostOneOf(
        List.of(Settings.MODEL_CONFIG, Settings.MODEL_FROM, Settings.MODEL_PRESET), problems);
    if (replan() && wireType() == WireType.FLOAT16) {
      problems.add(
          Settings.REPLAN.key()
              + " is true and "
              + Settings.WIRE_TYPE.key()
              + " float16; another cut would round other numbers, and so change the weights: allowed is"
              + " one of them");
    }
    if (replan() && !cut().isEmpty()) {
      problems.add(
          Settings.CUT.key()
              + " says which layers make which stage, and "
              + Settings.REPLAN.key()
              + " moves them; allowed is one of them");
    }
    addContradictionsOfStages(problems);
    addContradictionsOfPins(problems);
    if (microBatches().fixed().orElse(1) > batchSize()) {
      problems.add(
          Settings.MICRO_BATCHES.key()
              + " is "
              + microBatches().fixed().orElseThrow()
              + ", more than the "
              + batchSize()
              + " examples of a mini-batch; allowed is at most "
              + Settings.BATCH_SIZE.key());
    }
    if (replicas() > 1 && gradientBlocks() != replicas()) {
      problems.add(
          Settings.GRADIENT_BLOCKS.key()
              + " is "
              + gradientBlocks()
              + ", and "
              + Settings.REPLICAS.key()
              + " is "
              + replicas()
              + ", each of which sums one block; allowed is the same number, or "
              + Settings.REPLICAS.key()
              + "=1");
    }
    if (microBatches().fixed().orElse(gradientBlocks()) < gradientBlocks()) {
      problems.add(
          Settings.MICRO_BATCHES.key()
              + " is "
              + microBatches().fixed().orElseThrow()
              + ", fewer than the "
              + gradientBlocks()
              + (replicas() > 1 ? " replicas that share them" : " blocks that they make")
              + "; allowed is at least "
              + (replicas() > 1 ? Settings.REPLICAS : Settings.GRADIENT_BLOCKS).key());
    }
    if (learningRate().isPresent() && learningRateMinimum() > learningRate().get()) {
      problems.add(
          Settings.LEARNING_RATE_MINIMUM.key()
              + " is "
              + learningRateMinimum()
              + "; allowed is at most "
              + Settings.LEARNING_RATE.key()
              + ", "
              + learningRate().get());
    }
    boolean keepBestIsSet = get(Settings.VALIDATION_KEEP_BEST).orElse(false);
    if ((validationPatience() > 0 || keepBestIsSet) && dataValidationShare() == 0) {
      problems.add(
          (keepBestIsSet ? Settings.VALIDATION_KEEP_BEST : Settings.VALIDATION_PATIENCE).key()
              + " is set, but "
              + Settings.DATA_VALIDATION_SHARE.key()
              + " is 0: nothing is validated");
    }
    if (microBatches().isAuto() && scheduleFile().isPresent()) {
      problems.add(
          Settings.MICRO_BATCHES.key()
              + " is auto, but "
              + Settings.SCHEDULE_FILE.key()
              + " is written for a number of micro-batches; allowed is that number");
    }
    if (dataClassWeights() != ClassWeighting.NONE && !classWeightsOf.isEmpty()) {
      problems.add(
          Settings.DATA_CLASS_WEIGHTS.key()
              + " and "
              + Settings.DATA_CLASS_WEIGHTS_OF.key()
              + classWeightsOf.firstKey()
              + " are set; allowed is one of them");
    }
    if (!presetSettings.isEmpty() && modelPreset().isEmpty()) {
      problems.add(
          Settings.MODEL_PRESET_SETTINGS.key()
              + presetSettings.firstKey()
              + " is set, but not "
              + Settings.MODEL_PRESET.key());
    }
  }

  private void addContradictionsOfStages(List<String> problems) {
    int told = recompute().fixed().map(List::size).orElse(1);
    int wanted = stages() * chunks();
    if (told != 1 && told != wanted) {
      problems.add(
          Settings.RECOMPUTE.key()
              + " tells it of "
              + told
              + " stages, and there are "
              + wanted
              + (chunks() == 1 ? "" : " (" + chunks() + " chunks on each executor)")
              + "; allowed is one word for all, or one for each");
    }
  }

  private void addContradictionsOfPins(List<String> problems) {
    for (PinnedLayers pin : pinLayers()) {
      if (pin.stage() >= stages()) {
        problems.add(
            Settings.PIN_LAYERS.key()
                + " has \""
                + pin.words()
                + "\", and "
                + Settings.STAGES.key()
                + " is "
                + stages()
                + "; allowed is a stage from 0 to "
                + (stages() - 1));
      }
    }
    Map<Integer, StagePin> pinned = new HashMap<>();
    for (StagePin pin : pinStages()) {
      if (pin.stage() >= stages()) {
        problems.add(
            Settings.PIN_STAGES.key()
                + " has \""
                + pin.words()
                + "\", and "
                + Settings.STAGES.key()
                + " is "
                + stages()
                + "; allowed is a stage from 0 to "
                + (stages() - 1));
      }
      StagePin other = pinned.putIfAbsent(pin.stage(), pin);
      if (other != null && !other.target().words().equalsIgnoreCase(pin.target().words())) {
        problems.add(
            Settings.PIN_STAGES.key()
                + " has \""
                + other.words()
                + "\" and \""
                + pin.words()
                + "\", which contradict each other; allowed is one host, or one kind of device, for a stage");
      }
    }
  }

  private void atMostOneOf(
      List<? extends Setting<? extends Optional<?>>> settings, List<String> problems) {
    List<String> set =
        settings.stream()
            .filter(setting -> !get(setting).equals(Optional.empty()))
            .map(Setting::key)
            .toList();
    if (set.size() > 1) {
      problems.add(String.join(" and ", set) + " are set; allowed is one of them");
    }
  }

  /** The value of a setting. */
  @SuppressWarnings("unchecked") // from() puts a value of the setting's own type
  public <T> T get(Setting<T> setting) {
    return (T) values.get(setting);
  }

  /** Whether the user has set it, be it to its default. */
  public boolean isGiven(Setting<?> setting) {
    return given.contains(setting.name());
  }

  /** {@link Settings#STAGES}. */
  public int stages() {
    return get(Settings.STAGES);
  }

  /** {@link Settings#REPLICAS}. */
  public int replicas() {
    return get(Settings.REPLICAS);
  }

  /** How many executors a run takes: one for each stage of each replica. */
  public int executors() {
    return stages() * replicas();
  }

  /** {@link Settings#GRADIENT_BLOCKS}; by default as many as there are replicas. */
  public int gradientBlocks() {
    int blocks = get(Settings.GRADIENT_BLOCKS);
    return blocks == 0 ? replicas() : blocks;
  }

  /** {@link Settings#CHUNKS}. */
  public int chunks() {
    return get(Settings.CHUNKS);
  }

  /** {@link Settings#MICRO_BATCHES}. */
  public OrAuto<Integer> microBatches() {
    return get(Settings.MICRO_BATCHES);
  }

  /** {@link Settings#SCHEDULE}. */
  public OrAuto<String> schedule() {
    return get(Settings.SCHEDULE);
  }

  /** {@link Settings#SCHEDULE_FILE}. */
  public Optional<String> scheduleFile() {
    return get(Settings.SCHEDULE_FILE);
  }

  /** {@link Settings#RECOMPUTE}: of all stages, or of each. */
  public OrAuto<List<Recompute>> recompute() {
    return get(Settings.RECOMPUTE);
  }

  /** {@link Settings#CUT}; empty where a partitioner makes it. */
  public List<Integer> cut() {
    return get(Settings.CUT);
  }

  /** {@link Settings#PIN_LAYERS}. */
  public List<PinnedLayers> pinLayers() {
    return get(Settings.PIN_LAYERS);
  }

  /** {@link Settings#PIN_STAGES}. */
  public List<StagePin> pinStages() {
    return get(Settings.PIN_STAGES);
  }

  /** {@link Settings#PLAN_FILE}. */
  public Optional<String> planFile() {
    return get(Settings.PLAN_FILE);
  }

  /** {@link Settings#PROFILE_FILE}. */
  public Optional<String> profileFile() {
    return get(Settings.PROFILE_FILE);
  }

  /** {@link Settings#PROFILE_REUSE}. */
  public boolean profileReuse() {
    return get(Settings.PROFILE_REUSE);
  }

  /** {@link Settings#PROFILE_COMPARE}. */
  public CompareExecutors profileCompare() {
    return get(Settings.PROFILE_COMPARE);
  }

  /** {@link Settings#REPLAN}. */
  public boolean replan() {
    return get(Settings.REPLAN);
  }

  /** {@link Settings#REPLAN_GAIN}. */
  public double replanGain() {
    return get(Settings.REPLAN_GAIN);
  }

  /** {@link Settings#REPLAN_REPAY_STEPS}. */
  public int replanRepaySteps() {
    return get(Settings.REPLAN_REPAY_STEPS);
  }

  /** {@link Settings#REPLAN_PER_HOUR}. */
  public int replanPerHour() {
    return get(Settings.REPLAN_PER_HOUR);
  }

  /** {@link Settings#PARTITIONER}. */
  public PartitionerKind partitioner() {
    return get(Settings.PARTITIONER);
  }

  /** {@link Settings#MEMORY_LIMIT}. */
  public DeviceMemory memoryLimit() {
    return get(Settings.MEMORY_LIMIT);
  }

  /** {@link Settings#THREADS}. */
  public int threads() {
    return get(Settings.THREADS);
  }

  /** {@link Settings#BATCH_SIZE}. */
  public int batchSize() {
    return get(Settings.BATCH_SIZE);
  }

  /** {@link Settings#EPOCHS}. */
  public int epochs() {
    return get(Settings.EPOCHS);
  }

  /** {@link Settings#MAX_STEPS}. */
  public long maxSteps() {
    return get(Settings.MAX_STEPS);
  }

  /** {@link Settings#MAX_DURATION}. */
  public Duration maxDuration() {
    return get(Settings.MAX_DURATION);
  }

  /** {@link Settings#SEED}. */
  public long seed() {
    return get(Settings.SEED);
  }

  /** {@link Settings#GRADIENT_WEIGHT}. */
  public GradientWeight gradientWeight() {
    return get(Settings.GRADIENT_WEIGHT);
  }

  /** {@link Settings#LEARNING_RATE}. */
  public Optional<Double> learningRate() {
    return get(Settings.LEARNING_RATE);
  }

  /** {@link Settings#LEARNING_RATE_WARMUP_STEPS}. */
  public long learningRateWarmupSteps() {
    return get(Settings.LEARNING_RATE_WARMUP_STEPS);
  }

  /** {@link Settings#LEARNING_RATE_DECAY}. */
  public LearningRateDecay learningRateDecay() {
    return get(Settings.LEARNING_RATE_DECAY);
  }

  /** {@link Settings#LEARNING_RATE_DECAY_STEPS}. */
  public long learningRateDecaySteps() {
    return get(Settings.LEARNING_RATE_DECAY_STEPS);
  }

  /** {@link Settings#LEARNING_RATE_MINIMUM}. */
  public double learningRateMinimum() {
    return get(Settings.LEARNING_RATE_MINIMUM);
  }

  /** {@link Settings#WEIGHT_DECAY}. */
  public Optional<Double> weightDecay() {
    return get(Settings.WEIGHT_DECAY);
  }

  /** {@link Settings#CLIP_NORM}. */
  public double clipNorm() {
    return get(Settings.CLIP_NORM);
  }

  /** {@link Settings#NON_FINITE_MAX_SKIPS}. */
  public int nonFiniteMaxSkips() {
    return get(Settings.NON_FINITE_MAX_SKIPS);
  }

  /** {@link Settings#VALIDATION_PATIENCE}. */
  public int validationPatience() {
    return get(Settings.VALIDATION_PATIENCE);
  }

  /** {@link Settings#VALIDATION_MIN_DELTA}. */
  public double validationMinDelta() {
    return get(Settings.VALIDATION_MIN_DELTA);
  }

  /** {@link Settings#VALIDATION_KEEP_BEST}: as set, else where patience is. */
  public boolean validationKeepBest() {
    return get(Settings.VALIDATION_KEEP_BEST).orElse(validationPatience() > 0);
  }

  /** {@link Settings#DATA_PATH}. */
  public Optional<String> dataPath() {
    return get(Settings.DATA_PATH);
  }

  /** {@link Settings#DATA_TABLE}. */
  public Optional<String> dataTable() {
    return get(Settings.DATA_TABLE);
  }

  /** {@link Settings#DATA_QUERY}. */
  public Optional<String> dataQuery() {
    return get(Settings.DATA_QUERY);
  }

  /** {@link Settings#DATA_FILTER}. */
  public Optional<String> dataFilter() {
    return get(Settings.DATA_FILTER);
  }

  /** {@link Settings#DATA_VERSION}. */
  public Optional<String> dataVersion() {
    return get(Settings.DATA_VERSION);
  }

  /** {@link Settings#DATA_AS_OF}. */
  public Optional<Instant> dataAsOf() {
    return get(Settings.DATA_AS_OF);
  }

  /** {@link Settings#DATA_FORMAT}. */
  public Optional<String> dataFormat() {
    return get(Settings.DATA_FORMAT);
  }

  /** {@link Settings#DATA_FEATURES}. */
  public List<String> dataFeatures() {
    return get(Settings.DATA_FEATURES);
  }

  /** {@link Settings#DATA_IMAGE_SIZE}. */
  public List<Integer> dataImageSize() {
    return get(Settings.DATA_IMAGE_SIZE);
  }

  /** {@link Settings#DATA_LABEL}. */
  public List<String> dataLabel() {
    return get(Settings.DATA_LABEL);
  }

  /** {@link Settings#DATA_CATEGORICAL}. */
  public List<String> dataCategorical() {
    return get(Settings.DATA_CATEGORICAL).orElse(List.of());
  }

  /** {@link Settings#DATA_CATEGORICAL_ENCODING}. */
  public CategoryEncoding dataCategoricalEncoding() {
    return get(Settings.DATA_CATEGORICAL_ENCODING);
  }

  /** {@link Settings#DATA_CATEGORICAL_UNKNOWN}. */
  public UnknownCategories dataCategoricalUnknown() {
    return get(Settings.DATA_CATEGORICAL_UNKNOWN);
  }

  /** {@link Settings#DATA_WEIGHT_COLUMN}. */
  public Optional<String> dataWeightColumn() {
    return get(Settings.DATA_WEIGHT_COLUMN);
  }

  /** {@link Settings#DATA_CLASS_WEIGHTS}. */
  public ClassWeighting dataClassWeights() {
    return get(Settings.DATA_CLASS_WEIGHTS);
  }

  /** {@link Settings#DATA_MISSING}. */
  public MissingValues dataMissing() {
    return get(Settings.DATA_MISSING);
  }

  /** {@link Settings#DATA_VALIDATION_SHARE}. */
  public double dataValidationShare() {
    return get(Settings.DATA_VALIDATION_SHARE);
  }

  /** {@link Settings#DATA_NORMALIZE}. */
  public Normalization dataNormalize() {
    return get(Settings.DATA_NORMALIZE);
  }

  /** {@link Settings#DATA_TEXT}. */
  public Optional<String> dataText() {
    return get(Settings.DATA_TEXT);
  }

  /** {@link Settings#DATA_TOKENIZER}. */
  public TokenizerKind dataTokenizer() {
    return get(Settings.DATA_TOKENIZER);
  }

  /** {@link Settings#DATA_VOCABULARY}. */
  public int dataVocabulary() {
    return get(Settings.DATA_VOCABULARY);
  }

  /** {@link Settings#DATA_SEQUENCE_LENGTH}. */
  public int dataSequenceLength() {
    return get(Settings.DATA_SEQUENCE_LENGTH);
  }

  /** {@link Settings#DATA_SHUFFLE}. */
  public boolean dataShuffle() {
    return get(Settings.DATA_SHUFFLE);
  }

  /** {@link Settings#BATCH_STORE_PATH}. */
  public Optional<String> batchStorePath() {
    return get(Settings.BATCH_STORE_PATH);
  }

  /** {@link Settings#BATCH_STORE_KEEP}. */
  public boolean batchStoreKeep() {
    return get(Settings.BATCH_STORE_KEEP);
  }

  /** {@link Settings#BATCH_STORE_CHUNK_ROWS}. */
  public int batchStoreChunkRows() {
    return get(Settings.BATCH_STORE_CHUNK_ROWS);
  }

  /** {@link Settings#MODEL_CONFIG}. */
  public Optional<String> modelConfig() {
    return get(Settings.MODEL_CONFIG);
  }

  /** {@link Settings#MODEL_FROM}. */
  public Optional<String> modelFrom() {
    return get(Settings.MODEL_FROM);
  }

  /** {@link Settings#MODEL_PRESET}. */
  public Optional<String> modelPreset() {
    return get(Settings.MODEL_PRESET);
  }

  /** {@link Settings#OUTPUT_PATH}. */
  public Optional<String> outputPath() {
    return get(Settings.OUTPUT_PATH);
  }

  /** {@link Settings#OUTPUT_OVERWRITE}. */
  public boolean outputOverwrite() {
    return get(Settings.OUTPUT_OVERWRITE);
  }

  /** {@link Settings#CHECKPOINT_INTERVAL}. */
  public Interval checkpointInterval() {
    return get(Settings.CHECKPOINT_INTERVAL);
  }

  /** {@link Settings#CHECKPOINT_PATH}. */
  public Optional<String> checkpointPath() {
    return get(Settings.CHECKPOINT_PATH);
  }

  /** {@link Settings#CHECKPOINT_KEEP}. */
  public int checkpointKeep() {
    return get(Settings.CHECKPOINT_KEEP);
  }

  /** {@link Settings#CHECKPOINT_KEEP_FOR}. */
  public Duration checkpointKeepFor() {
    return get(Settings.CHECKPOINT_KEEP_FOR);
  }

  /** {@link Settings#CHECKPOINT_KEEP_AFTER_SUCCESS}. */
  public boolean checkpointKeepAfterSuccess() {
    return get(Settings.CHECKPOINT_KEEP_AFTER_SUCCESS);
  }

  /** {@link Settings#RESUME}. */
  public ResumeKind resume() {
    return get(Settings.RESUME);
  }

  /** {@link Settings#RETRAIN_FOLDER}. */
  public Optional<String> retrainFolder() {
    return get(Settings.RETRAIN_FOLDER);
  }

  /** {@link Settings#RETRAIN_METRIC}. */
  public PromotionMetric retrainMetric() {
    return get(Settings.RETRAIN_METRIC);
  }

  /** {@link Settings#RETRAIN_MARGIN}. */
  public double retrainMargin() {
    return get(Settings.RETRAIN_MARGIN);
  }

  /** {@link Settings#RETRAIN_TOLERANCE}. */
  public double retrainTolerance() {
    return get(Settings.RETRAIN_TOLERANCE);
  }

  /**
   * Whether held-out data of its own is named: {@link Settings#RETRAIN_HELD_OUT_PATH} and so on.
   */
  public boolean retrainHasHeldOut() {
    return Stream.of(
            retrainHeldOutPath(),
            retrainHeldOutTable(),
            retrainHeldOutQuery(),
            retrainHeldOutFilter())
        .anyMatch(Optional::isPresent);
  }

  /** {@link Settings#RETRAIN_HELD_OUT_PATH}. */
  public Optional<String> retrainHeldOutPath() {
    return get(Settings.RETRAIN_HELD_OUT_PATH);
  }

  /** {@link Settings#RETRAIN_HELD_OUT_TABLE}. */
  public Optional<String> retrainHeldOutTable() {
    return get(Settings.RETRAIN_HELD_OUT_TABLE);
  }

  /** {@link Settings#RETRAIN_HELD_OUT_QUERY}. */
  public Optional<String> retrainHeldOutQuery() {
    return get(Settings.RETRAIN_HELD_OUT_QUERY);
  }

  /** {@link Settings#RETRAIN_HELD_OUT_FILTER}. */
  public Optional<String> retrainHeldOutFilter() {
    return get(Settings.RETRAIN_HELD_OUT_FILTER);
  }

  /** {@link Settings#RETRAIN_RERUN}. */
  public RerunKind retrainRerun() {
    return get(Settings.RETRAIN_RERUN);
  }

  /** {@link Settings#RETRAIN_NOTHING_NEW_EXIT_CODE}. */
  public int retrainNothingNewExitCode() {
    return get(Settings.RETRAIN_NOTHING_NEW_EXIT_CODE);
  }

  /** {@link Settings#RETRAIN_LEASE}. */
  public Duration retrainLease() {
    return get(Settings.RETRAIN_LEASE);
  }

  /** {@link Settings#RETRAIN_KEEP}. */
  public int retrainKeep() {
    return get(Settings.RETRAIN_KEEP);
  }

  /** {@link Settings#RESUME_DIFFERING}. */
  public DifferingResume resumeDiffering() {
    return get(Settings.RESUME_DIFFERING);
  }

  /** {@link Settings#PROGRESS}. */
  public ProgressStyle progress() {
    return get(Settings.PROGRESS);
  }

  /** {@link Settings#SAMPLE_LENGTH}. */
  public int sampleLength() {
    return get(Settings.SAMPLE_LENGTH);
  }

  /** {@link Settings#SAMPLE_TEMPERATURE}. */
  public double sampleTemperature() {
    return get(Settings.SAMPLE_TEMPERATURE);
  }

  /** {@link Settings#SAMPLE_START}. */
  public String sampleStart() {
    return get(Settings.SAMPLE_START);
  }

  /** {@link Settings#GENERATE_PROMPTS}. */
  public Optional<String> generatePrompts() {
    return get(Settings.GENERATE_PROMPTS);
  }

  /** {@link Settings#GENERATE_COLUMN}. */
  public Optional<String> generateColumn() {
    return get(Settings.GENERATE_COLUMN);
  }

  /** {@link Settings#GENERATE_MAX_LENGTH}. */
  public int generateMaxLength() {
    return get(Settings.GENERATE_MAX_LENGTH);
  }

  /** {@link Settings#GENERATE_TEMPERATURE}. */
  public double generateTemperature() {
    return get(Settings.GENERATE_TEMPERATURE);
  }

  /** {@link Settings#GENERATE_TOP_K}. */
  public int generateTopK() {
    return get(Settings.GENERATE_TOP_K);
  }

  /** {@link Settings#GENERATE_TOP_P}. */
  public double generateTopP() {
    return get(Settings.GENERATE_TOP_P);
  }

  /** {@link Settings#GENERATE_STOP}. */
  public String generateStop() {
    return get(Settings.GENERATE_STOP);
  }

  /** {@link Settings#GENERATE_GROUP}. */
  public int generateGroup() {
    return get(Settings.GENERATE_GROUP);
  }

  /** {@link Settings#MLFLOW_TRACKING_URI}. */
  public Optional<String> mlflowTrackingUri() {
    return get(Settings.MLFLOW_TRACKING_URI);
  }

  /** {@link Settings#MLFLOW_EXPERIMENT}. */
  public String mlflowExperiment() {
    return get(Settings.MLFLOW_EXPERIMENT);
  }

  /** {@link Settings#SCORE_MODE}. */
  public ScoreMode scoreMode() {
    return get(Settings.SCORE_MODE);
  }

  /** {@link Settings#SCORE_FORMAT}. */
  public String scoreFormat() {
    return get(Settings.SCORE_FORMAT);
  }

  /** {@link Settings#SCORE_TABLE}. */
  public Optional<String> scoreTable() {
    return get(Settings.SCORE_TABLE);
  }

  /** {@link Settings#SCORE_TABLE_FORMAT}. */
  public Optional<String> scoreTableFormat() {
    return get(Settings.SCORE_TABLE_FORMAT);
  }

  /** {@link Settings#SCORE_REPLACE}. */
  public Optional<String> scoreReplace() {
    return get(Settings.SCORE_REPLACE);
  }

  /** {@link Settings#SCORE_KEEP}. */
  public List<String> scoreKeep() {
    return get(Settings.SCORE_KEEP);
  }

  /** {@link Settings#SCORE_PARTITION_BY}. */
  public Optional<List<String>> scorePartitionBy() {
    return get(Settings.SCORE_PARTITION_BY);
  }

  /** {@link Settings#SCORE_BATCH_SIZE}. */
  public int scoreBatchSize() {
    return get(Settings.SCORE_BATCH_SIZE);
  }

  /** {@link Settings#DEADLINE_LAUNCH}. */
  public Duration deadlineLaunch() {
    return get(Settings.DEADLINE_LAUNCH);
  }

  /** {@link Settings#DEADLINE_STEP}. */
  public Duration deadlineStep() {
    return get(Settings.DEADLINE_STEP);
  }

  /** {@link Settings#DEADLINE_HEARTBEAT}. */
  public Duration deadlineHeartbeat() {
    return get(Settings.DEADLINE_HEARTBEAT);
  }

  /** {@link Settings#DEADLINE_STOP}. */
  public Duration deadlineStop() {
    return get(Settings.DEADLINE_STOP);
  }

  /** {@link Settings#RECOVERY_ATTEMPTS}. */
  public int recoveryAttempts() {
    return get(Settings.RECOVERY_ATTEMPTS);
  }

  /** {@link Settings#RECOVERY_PER_HOUR}. */
  public int recoveryPerHour() {
    return get(Settings.RECOVERY_PER_HOUR);
  }

  /** {@link Settings#RECOVERY_REPLACEMENT}. */
  public Duration recoveryReplacement() {
    return get(Settings.RECOVERY_REPLACEMENT);
  }

  /** {@link Settings#RECOVERY_LEAST_EXECUTORS}; 0 for as many as there are stages. */
  public int recoveryLeastExecutors() {
    return get(Settings.RECOVERY_LEAST_EXECUTORS);
  }

  /** {@link Settings#DEADLINE_CONTACT}. */
  public Duration deadlineContact() {
    return get(Settings.DEADLINE_CONTACT);
  }

  /** {@link Settings#EXCHANGE}. */
  public ExchangeKind exchange() {
    return get(Settings.EXCHANGE);
  }

  /** {@link Settings#SYNCHRONIZER}. */
  public SynchronizerKind synchronizer() {
    return get(Settings.SYNCHRONIZER);
  }

  /** {@link Settings#SYNCHRONIZER_THREADS}. */
  public int synchronizerThreads() {
    return get(Settings.SYNCHRONIZER_THREADS);
  }

  /** {@link Settings#WIRE_TYPE}. */
  public WireType wireType() {
    return get(Settings.WIRE_TYPE);
  }

  /** {@link Settings#EXCHANGE_FRAME_LIMIT}. */
  public DataSize exchangeFrameLimit() {
    return get(Settings.EXCHANGE_FRAME_LIMIT);
  }

  /** {@link Settings#EXCHANGE_CREDIT}. */
  public int exchangeCredit() {
    return get(Settings.EXCHANGE_CREDIT);
  }

  /** {@link Settings#PORT_DRIVER}. */
  public int portDriver() {
    return get(Settings.PORT_DRIVER);
  }

  /** {@link Settings#PORT_EXECUTOR}. */
  public int portExecutor() {
    return get(Settings.PORT_EXECUTOR);
  }

  /** {@link Settings#GPU_FIND}. */
  public Optional<String> gpuFind() {
    return get(Settings.GPU_FIND);
  }

  /** {@link Settings#GPU_LOCK_FOLDER}. */
  public String gpuLockFolder() {
    return get(Settings.GPU_LOCK_FOLDER);
  }

  /** {@link Settings#GPU_CPU_FALLBACK}. */
  public boolean gpuCpuFallback() {
    return get(Settings.GPU_CPU_FALLBACK);
  }

  /** {@link Settings#DATA_OPTIONS}: the options behind the prefix, by name. */
  public SortedMap<String, String> dataOptions() {
    return new TreeMap<>(dataOptions);
  }

  /** {@link Settings#DATA_FEATURES_OF}: the columns of several inputs, by their names. */
  public SortedMap<String, List<String>> dataFeaturesOf() {
    return new TreeMap<>(featuresOf);
  }

  /** {@link Settings#DATA_LABEL_OF}: the columns of several outputs, by their names. */
  public SortedMap<String, List<String>> dataLabelOf() {
    return new TreeMap<>(labelOf);
  }

  /** {@link Settings#DATA_CLASS_WEIGHTS_OF}: what classes count, by their names or indices. */
  public SortedMap<String, Double> dataClassWeightsOf() {
    return new TreeMap<>(classWeightsOf);
  }

  /** {@link Settings#MODEL_PRESET_SETTINGS}: the settings behind the prefix, by name. */
  public SortedMap<String, String> modelPresetSettings() {
    return new TreeMap<>(presetSettings);
  }

  /** These settings, with so many micro-batches to a mini-batch. */
  public StagecoachConf withMicroBatches(int count) {
    return with(Settings.MICRO_BATCHES, OrAuto.of(count));
  }

  /** These settings, with a limit that is known now. */
  public StagecoachConf withMemoryLimit(DeviceMemory limit) {
    return with(Settings.MEMORY_LIMIT, limit);
  }

  /** These settings, for one pipeline, where nothing is shared out to several. */
  public StagecoachConf withoutReplicas() {
    return with(Settings.REPLICAS, 1);
  }

  private <T> StagecoachConf with(Setting<T> setting, T value) {
    Map<Setting<?>, Object> changed = new HashMap<>(values);
    changed.put(setting, value);
    return new StagecoachConf(
        given, changed, dataOptions, presetSettings, featuresOf, labelOf, classWeightsOf);
  }

  /** Every setting whose value is not its default, as {@code key=value}, in a fixed order. */
  public List<String> changed() {
    List<String> changed = new ArrayList<>();
    for (Setting<?> setting : Settings.all()) {
      String text = format(setting);
      if (!text.equals(setting.defaultText())) {
        changed.add(setting.key() + "=" + text);
      }
    }
    dataOptions.forEach(
        (name, text) -> changed.add(Settings.DATA_OPTIONS.key() + name + "=" + text));
    presetSettings.forEach(
        (name, text) -> changed.add(Settings.MODEL_PRESET_SETTINGS.key() + name + "=" + text));
    featuresOf.forEach(
        (name, columns) ->
            changed.add(
                Settings.DATA_FEATURES_OF.key()
                    + name
                    + "="
                    + Settings.DATA_FEATURES.type().format(columns)));
    labelOf.forEach(
        (name, columns) ->
            changed.add(
                Settings.DATA_LABEL_OF.key()
                    + name
                    + "="
                    + Settings.DATA_LABEL.type().format(columns)));
    classWeightsOf.forEach(
        (name, weight) ->
            changed.add(
                Settings.DATA_CLASS_WEIGHTS_OF.key() + name + "=" + CLASS_WEIGHT.format(weight)));
    return changed;
  }

  /** The value of a setting as a user would write it. */
  public <T> String format(Setting<T> setting) {
    return setting.type().format(get(setting));
  }
}
