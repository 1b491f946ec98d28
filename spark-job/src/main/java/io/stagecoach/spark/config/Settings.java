package io.stagecoach.spark.config;

import static io.stagecoach.spark.config.SettingType.bool;
import static io.stagecoach.spark.config.SettingType.choice;
import static io.stagecoach.spark.config.SettingType.duration;
import static io.stagecoach.spark.config.SettingType.imageSize;
import static io.stagecoach.spark.config.SettingType.instant;
import static io.stagecoach.spark.config.SettingType.integer;
import static io.stagecoach.spark.config.SettingType.interval;
import static io.stagecoach.spark.config.SettingType.longInteger;
import static io.stagecoach.spark.config.SettingType.oneOf;
import static io.stagecoach.spark.config.SettingType.optional;
import static io.stagecoach.spark.config.SettingType.orAuto;
import static io.stagecoach.spark.config.SettingType.ownExitCode;
import static io.stagecoach.spark.config.SettingType.positiveShare;
import static io.stagecoach.spark.config.SettingType.real;
import static io.stagecoach.spark.config.SettingType.size;
import static io.stagecoach.spark.config.SettingType.text;
import static io.stagecoach.spark.config.SettingType.word;
import static io.stagecoach.spark.config.SettingType.words;

import io.stagecoach.checkpoint.Interval;
import io.stagecoach.engine.Recompute;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.plan.DeviceMemory;
import io.stagecoach.plan.StagePin;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.spark.exchange.ExchangeKind;
import io.stagecoach.spark.exchange.ExchangeOptions;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.tensor.WireType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Every setting of a Stagecoach job: key, type, default and a sentence. The values of a run are in
 * {@link StagecoachConf}; {@code docs/configuration.md} is generated from this class.
 */
public final class Settings {

  /** What every key of Stagecoach begins with. */
  public static final String PREFIX = "spark.stagecoach.";

  private static final DataSize ANY_SIZE = new DataSize(Long.MAX_VALUE);
  private static final Duration ANY_TIME = Duration.ofMillis(1);

  private static final List<Setting<?>> ALL = new ArrayList<>();
  private static final List<SettingPrefix> PREFIXES = new ArrayList<>();

  private static final String PIPELINE = "Pipeline";

  public static final Setting<Integer> STAGES =
      setting(
          "stages",
          PIPELINE,
          integer(1, 4096),
          2,
          "How many stages the layers are cut into; each is hosted by one executor.");

  public static final Setting<Integer> REPLICAS =
      setting(
          "replicas",
          PIPELINE,
          integer(1, 4096),
          1,
          "How many copies of the pipeline work side by side, each on its part of every mini-batch's"
              + " micro-batches; a run takes stages × replicas executors. docs/replicas.md says what"
              + " that costs and gains.");

  public static final Setting<Integer> GRADIENT_BLOCKS =
      setting(
          "gradientBlocks",
          PIPELINE,
          integer(0, 65536),
          0,
          "In how many blocks of neighbouring micro-batches gradients are summed: first within each"
              + " block, then the blocks' sums in order. 0: in as many as there are replicas, each of"
              + " which has one. One pipeline with so many blocks trains the same as so many"
              + " replicas, to the last bit.");

  public static final Setting<OrAuto<Integer>> MICRO_BATCHES =
      setting(
          "microBatches",
          PIPELINE,
          orAuto(integer(1, 65536)),
          OrAuto.of(4),
          "How many micro-batches a mini-batch is cut into, for all replicas together. More of them keep"
              + " the stages busier; very small ones cost more than they save. With auto the run measures its layers"
              + " and hops before the first step, simulates, and takes what is fastest within"
              + " memory.limit; the report has what it took, and why.");

  public static final Setting<Integer> CHUNKS =
      setting(
          "chunks",
          PIPELINE,
          integer(1, 64),
          1,
          "How many pieces of the network each stage's executor has, for schedules that interleave;"
              + " the layers are then cut into stages × chunks pieces, dealt out in turn.");

  public static final Setting<OrAuto<String>> SCHEDULE =
      setting(
          "schedule",
          PIPELINE,
          orAuto(oneOf(Schedules.standard().names())),
          OrAuto.of("1f1b"),
          "In which order a stage takes the forward and backward passes of a step. All train the same"
              + " to the last bit; they differ in waiting and in the activations that are kept."
              + " interleaved-1f1b and looped-bfs take several chunks for each executor; zb-h1 splits"
              + " backward passes; auto chooses one as microBatches=auto does.");

  public static final Setting<Optional<String>> SCHEDULE_FILE =
      setting(
          "schedule.file",
          PIPELINE,
          optional(word("a path or URI")),
          Optional.empty(),
          "A file with a schedule in text form, instead of one of the names; docs/schedules.md says"
              + " how it is written.");

  public static final Setting<OrAuto<List<Recompute>>> RECOMPUTE =
      setting(
          "recompute",
          PIPELINE,
          orAuto(SettingType.recompute()),
          OrAuto.of(List.of(Recompute.NONE)),
          "What a stage keeps for backward: with none all activations, with stage only its inputs,"
              + " so that forward runs twice and memory is saved. One word for all stages, or one"
              + " for each (of a replica, chunks counted); with auto those keep only their inputs"
              + " for which that, within memory.limit, makes the best plan. Random masks are the"
              + " same each time: all train the same to the last bit.");

  public static final Setting<PartitionerKind> PARTITIONER =
      setting(
          "partitioner",
          PIPELINE,
          choice(PartitionerKind.class, PartitionerKind::word),
          PartitionerKind.BALANCED,
          "How the layers are shared out: the same number of layers, as even a number of"
              + " parameters, or the least time for the slowest stage. By the time that their"
              + " operations should take, or, with measured and wherever something is auto, by the"
              + " time that they took on an executor.");

  public static final Setting<List<Integer>> CUT =
      setting(
          "cut",
          PIPELINE,
          SettingType.cut(),
          List.of(),
          "The first layer of each stage, in the place of a partitioner; `stagecoach plan` shows the"
              + " layers.");

  public static final Setting<List<PinnedLayers>> PIN_LAYERS =
      setting(
          "pin.layers",
          PIPELINE,
          SettingType.pinnedLayers(),
          List.of(),
          "Layers that must be in certain stages, by index or name, such as 0-3:0,output:2; the other"
              + " layers are shared out as the partitioner does, also while the run trains. With"
              + " several chunks it is one of those of the stage's executor.");

  public static final Setting<List<StagePin>> PIN_STAGES =
      setting(
          "pin.stages",
          PIPELINE,
          SettingType.pinnedStages(),
          List.of(),
          "The hosts, or the kind of device (cpu, gpu), that certain stages must be on, such as"
              + " 0:host-a,2:gpu; with replicas the stage of each. The run waits deadline.launch for executors there, or, where one was lost,"
              + " recovery.replacement.");

  public static final Setting<Optional<String>> PLAN_FILE =
      setting(
          "plan.file",
          PIPELINE,
          optional(word("a path or URI")),
          Optional.empty(),
          "A file with a whole plan: stages, cut, schedule, micro-batches and what else of it is to be"
              + " fixed, as `stagecoach plan -- --write` and every run write it; docs/plan.md has its"
              + " form. A setting that says something else is an error.");

  public static final Setting<Optional<String>> PROFILE_FILE =
      setting(
          "profile.file",
          PIPELINE,
          optional(word("a path or URI")),
          Optional.empty(),
          "The profile.json of a run of the same model, whose times of layers and hops are taken in"
              + " the place of measuring, whatever else was different.");

  public static final Setting<Boolean> PROFILE_REUSE =
      setting(
          "profile.reuse",
          PIPELINE,
          bool(),
          true,
          "Whether times that an earlier run has left in the output folder, or beside model.from, are"
              + " taken in the place of measuring, where model, sizes, executors and versions are the"
              + " same.");

  public static final Setting<CompareExecutors> PROFILE_COMPARE =
      setting(
          "profile.compare",
          PIPELINE,
          choice(CompareExecutors.class, CompareExecutors::word),
          CompareExecutors.AUTO,
          "Whether all executors measure the same layers side by side, where layers are measured, so"
              + " that the run begins with a cut and an order for executors of different speed: auto"
              + " where they are not all of one kind (processor, threads, CPU or GPU, Java). And whether"
              + " hops are measured between each two of 3 to 12 executors, where they stream: auto where"
              + " these are on several hosts.");

  public static final Setting<Boolean> REPLAN =
      setting(
          "replan",
          PIPELINE,
          bool(),
          false,
          "Whether the layers are shared out anew between two steps when devices turn out to be faster"
              + " or slower than they were, and another cut would repay what it costs. Layers and"
              + " hops are then measured before the first step. The weights are the same to the last"
              + " bit.");

  public static final Setting<Double> REPLAN_GAIN =
      setting(
          "replan.gain",
          PIPELINE,
          real(0, 1),
          0.1,
          "The least share of a step's time that another cut must save.");

  public static final Setting<Integer> REPLAN_REPAY_STEPS =
      setting(
          "replan.repaySteps",
          PIPELINE,
          integer(1, 1 << 30),
          1000,
          "Within how many steps another cut must have saved the time that placing the stages anew"
              + " takes.");

  public static final Setting<Integer> REPLAN_PER_HOUR =
      setting(
          "replan.perHour",
          PIPELINE,
          integer(0, 1 << 20),
          12,
          "How many times within an hour the layers may be shared out anew.");

  public static final Setting<DeviceMemory> MEMORY_LIMIT =
      setting(
          "memory.limit",
          PIPELINE,
          SettingType.deviceMemory(),
          DeviceMemory.NONE,
          "The memory of one device that the plan may use, for all chunks of its executor together; 0"
              + " is no limit, auto what the device has: of a GPU's memory, or of what ND4J may"
              + " allocate off the heap, four fifths, as docs/sizing.md says. Devices of certain hosts or kinds may have another than the rest; a"
              + " host's counts before a kind's.");

  public static final Setting<Integer> THREADS =
      setting(
          "threads",
          PIPELINE,
          integer(0, 4096),
          0,
          "How many threads ND4J uses in each executor; 0 is as many as the executor has cores.");

  private static final String TRAINING = "Training";

  public static final Setting<Integer> BATCH_SIZE =
      setting(
          "batchSize",
          TRAINING,
          integer(1, Integer.MAX_VALUE),
          64,
          "How many examples a mini-batch has, over all micro-batches; the last of an epoch may"
              + " have fewer.");

  public static final Setting<Integer> EPOCHS =
      setting(
          "epochs",
          TRAINING,
          integer(1, Integer.MAX_VALUE),
          1,
          "How many times the training examples are gone through.");

  public static final Setting<Long> MAX_STEPS =
      setting(
          "maxSteps",
          TRAINING,
          longInteger(0, Long.MAX_VALUE),
          0L,
          "After how many steps training ends, whatever the epochs; 0 is no limit.");

  public static final Setting<Duration> MAX_DURATION =
      setting(
          "maxDuration",
          TRAINING,
          duration(Duration.ZERO),
          Duration.ZERO,
          "After how much time training ends with the step at hand, whatever the epochs; 0s is no"
              + " limit.");

  public static final Setting<Long> SEED =
      setting(
          "seed",
          TRAINING,
          longInteger(Long.MIN_VALUE, Long.MAX_VALUE),
          42L,
          "What the order of the examples and every random mask are drawn from.");

  public static final Setting<GradientWeight> GRADIENT_WEIGHT =
      setting(
          "gradientWeight",
          TRAINING,
          choice(GradientWeight.class, GradientWeight::word),
          GradientWeight.EXAMPLES,
          "What a step's gradients are divided by: its examples, as DL4J does, or its time steps"
              + " that are not masked.");

  public static final Setting<Optional<Double>> LEARNING_RATE =
      setting(
          "learningRate",
          TRAINING,
          optional(real(0, Double.POSITIVE_INFINITY)),
          Optional.empty(),
          "The learning rate of every layer, the largest where it changes; by default the model's"
              + " own.");

  public static final Setting<Long> LEARNING_RATE_WARMUP_STEPS =
      setting(
          "learningRate.warmupSteps",
          TRAINING,
          longInteger(0, Long.MAX_VALUE),
          0L,
          "How many steps the learning rate rises, by the same amount each, up to learningRate.");

  public static final Setting<LearningRateDecay> LEARNING_RATE_DECAY =
      setting(
          "learningRate.decay",
          TRAINING,
          choice(LearningRateDecay.class, LearningRateDecay::word),
          LearningRateDecay.NONE,
          "How the learning rate falls after the warm-up: not, by the same amount each step, or"
              + " along half a cosine.");

  public static final Setting<Long> LEARNING_RATE_DECAY_STEPS =
      setting(
          "learningRate.decaySteps",
          TRAINING,
          longInteger(0, Long.MAX_VALUE),
          0L,
          "After how many steps, the warm-up among them, the learning rate is at its minimum; 0 is"
              + " at the end of the run.");

  public static final Setting<Double> LEARNING_RATE_MINIMUM =
      setting(
          "learningRate.minimum",
          TRAINING,
          real(0, Double.POSITIVE_INFINITY),
          0.0,
          "The learning rate at the end of the decay.");

  public static final Setting<Optional<Double>> WEIGHT_DECAY =
      setting(
          "weightDecay",
          TRAINING,
          optional(real(0, Double.POSITIVE_INFINITY)),
          Optional.empty(),
          "The share of a weight, times the learning rate, that each step takes from it, as in"
              + " AdamW; biases and norms are left alone. By default the model's own.");

  public static final Setting<Double> CLIP_NORM =
      setting(
          "clip.norm",
          TRAINING,
          real(0, Double.POSITIVE_INFINITY),
          0.0,
          "The largest norm of the gradients of the whole network, above which they are scaled"
              + " down; 0 is off.");

  public static final Setting<Integer> NON_FINITE_MAX_SKIPS =
      setting(
          "nonFinite.maxSkips",
          TRAINING,
          integer(0, Integer.MAX_VALUE),
          5,
          "How many steps in a row may be skipped because loss or gradients are not finite, before"
              + " the run fails.");

  public static final Setting<Integer> VALIDATION_PATIENCE =
      setting(
          "validation.patience",
          TRAINING,
          integer(0, Integer.MAX_VALUE),
          0,
          "After how many epochs without a better validation loss training ends early; 0 is never.");

  public static final Setting<Double> VALIDATION_MIN_DELTA =
      setting(
          "validation.minDelta",
          TRAINING,
          real(0, Double.POSITIVE_INFINITY),
          0.0,
          "By how much a validation loss must be below the best one to be better.");

  public static final Setting<Optional<Boolean>> VALIDATION_KEEP_BEST =
      setting(
          "validation.keepBest",
          TRAINING,
          optional(bool()),
          Optional.empty(),
          "Whether the weights that are saved are those of the best validation, not the last ones; by"
              + " default where validation.patience is set, which trains on past the best.");

  private static final String DATA = "Data";

  public static final Setting<Optional<String>> DATA_PATH =
      setting(
          "data.path",
          DATA,
          optional(word("a path or URI")),
          Optional.empty(),
          "The file or directory that is read. Either this, data.table or data.query.");

  public static final Setting<Optional<String>> DATA_TABLE =
      setting(
          "data.table",
          DATA,
          optional(word("a table's name")),
          Optional.empty(),
          "The table or view of the session that is read. Either this, data.path or data.query.");

  public static final Setting<Optional<String>> DATA_QUERY =
      setting(
          "data.query",
          DATA,
          optional(word("a query in Spark's SQL")),
          Optional.empty(),
          "The query whose rows are read, such as SELECT * FROM a JOIN b USING (id). Either this,"
              + " data.path or data.table.");

  public static final Setting<Optional<String>> DATA_FILTER =
      setting(
          "data.filter",
          DATA,
          optional(word("a condition in Spark's SQL")),
          Optional.empty(),
          "Only rows for which this is true are read, such as day >= '2026-11-01'. Spark pushes it"
              + " down into the source as far as the source allows.");

  public static final Setting<Optional<String>> DATA_VERSION =
      setting(
          "data.version",
          DATA,
          optional(word("a version, a snapshot's id, or a tag or branch")),
          Optional.empty(),
          "Which snapshot of a Delta table (a version) or an Iceberg table (a snapshot's id, a tag"
              + " or a branch) is read; by default the newest when the run starts.");

  public static final Setting<Optional<Instant>> DATA_AS_OF =
      setting(
          "data.asOf",
          DATA,
          optional(instant()),
          Optional.empty(),
          "The snapshot of a Delta or Iceberg table that was the newest at this time is read.");

  public static final Setting<Optional<String>> DATA_FORMAT =
      setting(
          "data.format",
          DATA,
          optional(word("parquet, orc, csv, json, text or another source of the session")),
          Optional.empty(),
          "What data.path holds; by default delta where there is a _delta_log, else what the ending"
              + " says (.parquet, .orc, .csv, .json, .txt), else parquet. In text, the characters are the data, unless data.text says"
              + " otherwise.");

  public static final SettingPrefix DATA_OPTIONS =
      prefix(
          "data.options.",
          DATA,
          "Options of the reader of data.path, such as data.options.delimiter for csv. For csv,"
              + " header and inferSchema are true unless set here.");

  public static final Setting<List<String>> DATA_FEATURES =
      setting(
          "data.features",
          DATA,
          words("a column's name, or several with commas between"),
          List.of("features"),
          "The features: one column of vectors or arrays, one of the files of pictures, or numeric"
              + " columns by name.");

  public static final SettingPrefix DATA_FEATURES_OF =
      prefix(
          "data.features.",
          DATA,
          "The features of one of several inputs of a graph, by the input's name, such as"
              + " data.features.image; as data.features.");

  public static final Setting<List<Integer>> DATA_IMAGE_SIZE =
      setting(
          "data.imageSize",
          DATA,
          imageSize(),
          List.of(),
          "Height and width of images, for a network that begins with convolutions and leaves more"
              + " than one size possible; without it, the numbers of an example tell, or of a"
              + " column of pictures the first.");

  public static final Setting<List<String>> DATA_LABEL =
      setting(
          "data.label",
          DATA,
          words("a column's name, or several with commas between"),
          List.of("label"),
          "The label: a column of classes (0, 1, … or texts), of values, of vectors or arrays"
              + " (one-hot classes or several values), or several numeric columns.");

  public static final SettingPrefix DATA_LABEL_OF =
      prefix(
          "data.label.",
          DATA,
          "The label of one of several outputs of a graph, by the output's name, such as"
              + " data.label.side; numbers, as data.label.");

  public static final Setting<Optional<List<String>>> DATA_CATEGORICAL =
      setting(
          "data.categorical",
          DATA,
          optional(words("columns' names with commas between")),
          Optional.empty(),
          "Which columns of the features are categories: texts, whole numbers or truth values that"
              + " name something. The categories are those of the training rows, and are saved with"
              + " the model.");

  public static final Setting<CategoryEncoding> DATA_CATEGORICAL_ENCODING =
      setting(
          "data.categorical.encoding",
          DATA,
          choice(CategoryEncoding.class, CategoryEncoding::word),
          CategoryEncoding.ONE_HOT,
          "As which numbers categories go into the network: a 0 or 1 for each, or the index, for"
              + " embeddings.");

  public static final Setting<UnknownCategories> DATA_CATEGORICAL_UNKNOWN =
      setting(
          "data.categorical.unknown",
          DATA,
          choice(UnknownCategories.class, UnknownCategories::word),
          UnknownCategories.FAIL,
          "What happens to a row with a category that the training did not have: the job fails, or"
              + " the row is counted and has zeros, or the index behind the last.");

  public static final Setting<Optional<String>> DATA_WEIGHT_COLUMN =
      setting(
          "data.weightColumn",
          DATA,
          optional(word("a column's name")),
          Optional.empty(),
          "A column of numbers, at least 0: how much the loss of a row counts in training. 1 for"
              + " all without it.");

  public static final Setting<ClassWeighting> DATA_CLASS_WEIGHTS =
      setting(
          "data.classWeights",
          DATA,
          choice(ClassWeighting.class, ClassWeighting::word),
          ClassWeighting.NONE,
          "How much the rows of a class count in training: all the same, or rare classes more, so"
              + " that every class counts the same as a whole.");

  public static final SettingPrefix DATA_CLASS_WEIGHTS_OF =
      prefix(
          "data.classWeights.",
          DATA,
          "How much the rows of a class count, by its name or index, such as"
              + " data.classWeights.fraud = 20; a number, at least 0, and 1 for classes that are not"
              + " named.");

  public static final Setting<MissingValues> DATA_MISSING =
      setting(
          "data.missing",
          DATA,
          choice(MissingValues.class, MissingValues::word),
          MissingValues.FAIL,
          "What happens to a row in which something is missing or not finite, or a picture cannot be"
              + " read: the job fails, or the row is dropped and counted.");

  public static final Setting<Double> DATA_VALIDATION_SHARE =
      setting(
          "data.validationShare",
          DATA,
          real(0, 1),
          0.1,
          "The share of the examples that is not trained on but measures the model; of a text its"
              + " end. 0 is no validation.");

  public static final Setting<Normalization> DATA_NORMALIZE =
      setting(
          "data.normalize",
          DATA,
          choice(Normalization.class, Normalization::word),
          Normalization.NONE,
          "How the features of every input are scaled: not, to mean 0 and deviation 1, or to the"
              + " range 0 to 1; indices stay as they are. Fitted on the training examples, saved"
              + " with the model.");

  public static final Setting<Optional<String>> DATA_TEXT =
      setting(
          "data.text",
          DATA,
          optional(word("a column's name")),
          Optional.empty(),
          "A column of texts to learn from, each row a document, in the place of features and"
              + " label.");

  public static final Setting<TokenizerKind> DATA_TOKENIZER =
      setting(
          "data.tokenizer",
          DATA,
          choice(TokenizerKind.class, TokenizerKind::word),
          TokenizerKind.CHARACTERS,
          "What a text's tokens are: its characters, its bytes, or byte pairs (frequent sequences of"
              + " bytes), learned from the text. A model that is trained on keeps its own.");

  public static final Setting<Integer> DATA_VOCABULARY =
      setting(
          "data.vocabulary",
          DATA,
          integer(0, 1 << 24),
          0,
          "How many different tokens there may be: of byte pairs at least 257, 0 is 8192; of"
              + " characters the most frequent, with U+FFFD for all others, 0 is every one.");

  public static final Setting<Integer> DATA_SEQUENCE_LENGTH =
      setting(
          "data.sequenceLength",
          DATA,
          integer(1, 1 << 20),
          64,
          "How many tokens of a text make one example.");

  public static final Setting<Boolean> DATA_SHUFFLE =
      setting(
          "data.shuffle",
          DATA,
          bool(),
          true,
          "Whether every epoch takes the examples in another order, drawn from the seed.");

  private static final String BATCH_STORE = "Batch store";

  public static final Setting<Optional<String>> BATCH_STORE_PATH =
      setting(
          "batchStore.path",
          BATCH_STORE,
          optional(word("a path or URI")),
          Optional.empty(),
          "The directory in which the examples are laid out for the stages, on storage that all"
              + " executors reach; by default stagecoach-output/batches on the default file"
              + " system.");

  public static final Setting<Boolean> BATCH_STORE_KEEP =
      setting(
          "batchStore.keep",
          BATCH_STORE,
          bool(),
          true,
          "Whether the batch store stays after the run, for the next run on the same data.");

  public static final Setting<Integer> BATCH_STORE_CHUNK_ROWS =
      setting(
          "batchStore.chunkRows",
          BATCH_STORE,
          integer(0, 1 << 24),
          0,
          "How many examples a chunk of the batch store has on average; 0 chooses about 4 MiB.");

  private static final String MODEL = "Model and output";

  public static final Setting<Optional<String>> MODEL_CONFIG =
      setting(
          "model.config",
          MODEL,
          optional(word("a path or URI")),
          Optional.empty(),
          "A DL4J configuration as JSON, to train from fresh weights. One of model.config,"
              + " model.from and model.preset.");

  public static final Setting<Optional<String>> MODEL_FROM =
      setting(
          "model.from",
          MODEL,
          optional(word("a path or URI")),
          Optional.empty(),
          "A network saved by DL4J's ModelSerializer, an output directory, or a checkpoint, to continue"
              + " in a new run, to evaluate or to score by; on the command line `train -- --from`.");

  public static final Setting<Optional<String>> MODEL_PRESET =
      setting(
          "model.preset",
          MODEL,
          optional(word("a preset's name")),
          Optional.empty(),
          "A ready network by name.");

  public static final SettingPrefix MODEL_PRESET_SETTINGS =
      prefix(
          "model.preset.",
          MODEL,
          "Settings of the preset, such as model.preset.width for its width.");

  public static final Setting<Optional<String>> OUTPUT_PATH =
      setting(
          "output.path",
          MODEL,
          optional(word("a path or URI")),
          Optional.empty(),
          "Where the trained network is saved, or the table that `score` makes.");

  public static final Setting<Boolean> OUTPUT_OVERWRITE =
      setting(
          "output.overwrite",
          MODEL,
          bool(),
          false,
          "Whether something that is at output.path already may be replaced.");

  public static final Setting<ProgressStyle> PROGRESS =
      setting(
          "progress",
          MODEL,
          choice(ProgressStyle.class, ProgressStyle::word),
          ProgressStyle.AUTO,
          "How progress is shown: a bar, lines, nothing, or by itself a bar on a terminal and lines"
              + " elsewhere.");

  public static final Setting<Integer> SAMPLE_LENGTH =
      setting(
          "sample.length",
          MODEL,
          integer(0, 1 << 20),
          300,
          "How many tokens of text are generated and shown after training on a text.");

  public static final Setting<Double> SAMPLE_TEMPERATURE =
      setting(
          "sample.temperature",
          MODEL,
          real(0, Double.POSITIVE_INFINITY),
          0.8,
          "How freely tokens are drawn: 0 always takes the most likely, 1 draws as the model"
              + " predicts.");

  public static final Setting<String> SAMPLE_START =
      setting("sample.start", MODEL, text(), "", "The text that the generated sample continues.");

  public static final Setting<Optional<String>> MLFLOW_TRACKING_URI =
      setting(
          "mlflow.trackingUri",
          MODEL,
          optional(word("a URI")),
          Optional.empty(),
          "The MLflow server that keeps a training's settings, figures and end; none unless set. Needs"
              + " MLflow's Java client, --packages org.mlflow:mlflow-client:2.17.2.");

  public static final Setting<String> MLFLOW_EXPERIMENT =
      setting(
          "mlflow.experiment",
          MODEL,
          word("a name"),
          "stagecoach",
          "The experiment of the MLflow server in which runs are kept; it is made where there is"
              + " none.");

  private static final String CHECKPOINTS = "Checkpoints";

  public static final Setting<Interval> CHECKPOINT_INTERVAL =
      setting(
          "checkpoint.interval",
          CHECKPOINTS,
          interval(),
          Interval.of(Duration.ofMinutes(5)),
          "How often all that the run needs to go on is saved, beside the steps: after so many of"
              + " them, or so much time.");

  public static final Setting<Optional<String>> CHECKPOINT_PATH =
      setting(
          "checkpoint.path",
          CHECKPOINTS,
          optional(word("a path or URI")),
          Optional.empty(),
          "The directory of checkpoints, in which each output path has a folder of its own; by"
              + " default they are beside the output, in output.path with .checkpoints behind it.");

  public static final Setting<Integer> CHECKPOINT_KEEP =
      setting(
          "checkpoint.keep",
          CHECKPOINTS,
          integer(1, 1 << 20),
          2,
          "How many checkpoints are kept, the newest ones.");

  public static final Setting<Duration> CHECKPOINT_KEEP_FOR =
      setting(
          "checkpoint.keepFor",
          CHECKPOINTS,
          duration(Duration.ZERO),
          Duration.ZERO,
          "How old a checkpoint may become before it is removed; the newest one always stays. 0s is"
              + " no limit.");

  public static final Setting<Boolean> CHECKPOINT_KEEP_AFTER_SUCCESS =
      setting(
          "checkpoint.keepAfterSuccess",
          CHECKPOINTS,
          bool(),
          false,
          "Whether the checkpoints stay when the run has ended well and its output is in place.");

  public static final Setting<ResumeKind> RESUME =
      setting(
          "resume",
          CHECKPOINTS,
          choice(ResumeKind.class, ResumeKind::word),
          ResumeKind.AUTO,
          "Whether a run with the same output path goes on where an interrupted one was, to the same"
              + " weights as if nothing had been; or begins anew.");

  public static final Setting<DifferingResume> RESUME_DIFFERING =
      setting(
          "resume.differing",
          CHECKPOINTS,
          choice(DifferingResume.class, DifferingResume::word),
          DifferingResume.FAIL,
          "What happens where model, data or a setting that changes the weights is not what it was in"
              + " the interrupted run: the job fails with the list, begins anew, or goes on all the"
              + " same.");

  private static final String RETRAINING = "Scheduled retraining";

  public static final Setting<Optional<String>> RETRAIN_FOLDER =
      setting(
          "retrain.folder",
          RETRAINING,
          optional(word("a path or URI")),
          Optional.empty(),
          "The folder of the model's generations: candidates, records, and which one is accepted. As"
              + " model.from, it is the accepted model.");

  public static final Setting<PromotionMetric> RETRAIN_METRIC =
      setting(
          "retrain.metric",
          RETRAINING,
          choice(PromotionMetric.class, PromotionMetric::word),
          PromotionMetric.LOSS,
          "By what a candidate and the accepted model are compared; of accuracy and f1 more is"
              + " better, of the others less.");

  public static final Setting<Double> RETRAIN_MARGIN =
      setting(
          "retrain.margin",
          RETRAINING,
          real(0, Double.POSITIVE_INFINITY),
          0.0,
          "By how much the candidate must be better to be accepted, in the metric's own unit; equal is"
              + " never better.");

  public static final Setting<Double> RETRAIN_TOLERANCE =
      setting(
          "retrain.tolerance",
          RETRAINING,
          real(0, Double.POSITIVE_INFINITY),
          0.1,
          "By which share of the accepted model's error the candidate's may be larger on the interval"
              + " that the accepted model was accepted on, where no other held-out data is named. The"
              + " error is the metric, or of accuracy and f1 what is missing to 1.");

  public static final Setting<Optional<String>> RETRAIN_HELD_OUT_PATH =
      setting(
          "retrain.heldOut.path",
          RETRAINING,
          optional(word("a path or URI")),
          Optional.empty(),
          "The file or directory with the data that both models are compared on, in the format of"
              + " data.format; by default the validation share of the interval.");

  public static final Setting<Optional<String>> RETRAIN_HELD_OUT_TABLE =
      setting(
          "retrain.heldOut.table",
          RETRAINING,
          optional(word("a table's name")),
          Optional.empty(),
          "The table or view with that data.");

  public static final Setting<Optional<String>> RETRAIN_HELD_OUT_QUERY =
      setting(
          "retrain.heldOut.query",
          RETRAINING,
          optional(word("a query in Spark's SQL")),
          Optional.empty(),
          "The query whose rows are that data.");

  public static final Setting<Optional<String>> RETRAIN_HELD_OUT_FILTER =
      setting(
          "retrain.heldOut.filter",
          RETRAINING,
          optional(word("a condition in Spark's SQL")),
          Optional.empty(),
          "Which rows of it count; without a place of its own, which rows of the place that is trained"
              + " on, instead of data.filter.");

  public static final Setting<RerunKind> RETRAIN_RERUN =
      setting(
          "retrain.rerun",
          RETRAINING,
          choice(RerunKind.class, RerunKind::word),
          RerunKind.SKIP,
          "What happens where an interval has a result: nothing, or it is trained again and the new"
              + " result takes the old one's place.");

  public static final Setting<Integer> RETRAIN_NOTHING_NEW_EXIT_CODE =
      setting(
          "retrain.nothingNew.exitCode",
          RETRAINING,
          ownExitCode(),
          0,
          "The exit code where an interval has no rows, such as 99 for Airflow's skip; it is a success"
              + " all the same.");

  public static final Setting<Duration> RETRAIN_LEASE =
      setting(
          "retrain.lease",
          RETRAINING,
          duration(Duration.ofSeconds(10)),
          Duration.ofMinutes(5),
          "How long a run has the model folder for itself without saying so again, which it does three"
              + " times as often; after a run has died elsewhere, how long others wait.");

  public static final Setting<Integer> RETRAIN_KEEP =
      setting(
          "retrain.keep",
          RETRAINING,
          integer(0, 1 << 20),
          0,
          "How many candidates' models stay in the folder, the newest ones. The accepted model, the"
              + " one before it and all records stay whatever their age. 0 is all.");

  private static final String GENERATION = "Generation of texts";

  public static final Setting<Optional<String>> GENERATE_PROMPTS =
      setting(
          "generate.prompts",
          GENERATION,
          optional(word("a path or URI")),
          Optional.empty(),
          "A file of prompts, one in a line, where none are given on the command line.");

  public static final Setting<Optional<String>> GENERATE_COLUMN =
      setting(
          "generate.column",
          GENERATION,
          optional(word("a column's name")),
          Optional.empty(),
          "The column of the table at `data.path` or `data.table` whose texts are the prompts, where"
              + " no others are given. The results are written to `output.path`, as Parquet.");

  public static final Setting<Integer> GENERATE_MAX_LENGTH =
      setting(
          "generate.maxLength",
          GENERATION,
          integer(0, 1 << 20),
          300,
          "How many tokens are added to a prompt at most. A text ends before where the model ends"
              + " it, or can remember no more.");

  public static final Setting<Double> GENERATE_TEMPERATURE =
      setting(
          "generate.temperature",
          GENERATION,
          real(0, Double.POSITIVE_INFINITY),
          0.8,
          "How freely tokens are drawn: 0 always takes the most likely, 1 draws as the model"
              + " predicts; the seed is `seed`.");

  public static final Setting<Integer> GENERATE_TOP_K =
      setting(
          "generate.topK",
          GENERATION,
          integer(0, Integer.MAX_VALUE),
          0,
          "How many tokens may be drawn, the most likely ones; 0 is all.");

  public static final Setting<Double> GENERATE_TOP_P =
      setting(
          "generate.topP",
          GENERATION,
          positiveShare(),
          1.0,
          "Which share of the probability the tokens that may be drawn make up, the most likely"
              + " ones.");

  public static final Setting<String> GENERATE_STOP =
      setting(
          "generate.stop",
          GENERATION,
          text(),
          "",
          "A text ends before this; where it is empty, at nothing.");

  public static final Setting<Integer> GENERATE_GROUP =
      setting(
          "generate.group",
          GENERATION,
          integer(1, 1 << 16),
          16,
          "How many prompts make a micro-batch. Four micro-batches for each stage are under way"
              + " together, each with the keys and values that attention has seen.");

  private static final String SCORING = "Scoring of tables";

  public static final Setting<ScoreMode> SCORE_MODE =
      setting(
          "score.mode",
          SCORING,
          choice(ScoreMode.class, ScoreMode::word),
          ScoreMode.AUTO,
          "Whether `score` has the whole model in each executor, or cut into as many stages as"
              + " stages says; auto cuts it where the weights are more than half of the smaller of"
              + " an executor's heap and its memory overhead.");

  public static final Setting<String> SCORE_FORMAT =
      setting(
          "score.format",
          SCORING,
          oneOf(List.of("parquet", "orc", "json")),
          "parquet",
          "What the table is written as that `score` makes at output.path.");

  public static final Setting<Optional<String>> SCORE_TABLE =
      setting(
          "score.table",
          SCORING,
          optional(word("a table's name")),
          Optional.empty(),
          "The table of a catalog that `score` writes instead of output.path, such as a Delta or"
              + " Iceberg table; it is made where there is none.");

  public static final Setting<Optional<String>> SCORE_TABLE_FORMAT =
      setting(
          "score.table.format",
          SCORING,
          optional(word("delta, iceberg or another format of the catalog")),
          Optional.empty(),
          "As what a table is made that is not there; by default as the catalog does.");

  public static final Setting<Optional<String>> SCORE_REPLACE =
      setting(
          "score.replace",
          SCORING,
          optional(word("a condition in Spark's SQL")),
          Optional.empty(),
          "Which rows of score.table the new ones take the place of, such as day = '2026-11-19', in"
              + " one commit; all new rows must be such ones. Without it, all rows are replaced if"
              + " output.overwrite allows it.");

  public static final Setting<List<String>> SCORE_KEEP =
      setting(
          "score.keep",
          SCORING,
          words("* for all, or columns' names with commas between"),
          List.of("*"),
          "Which columns of the data stand before the predictions.");

  public static final Setting<Optional<List<String>>> SCORE_PARTITION_BY =
      setting(
          "score.partitionBy",
          SCORING,
          optional(words("columns' names with commas between")),
          Optional.empty(),
          "The columns, of those that are kept, by whose values the table is laid out in folders.");

  public static final Setting<Integer> SCORE_BATCH_SIZE =
      setting(
          "score.batchSize",
          SCORING,
          integer(1, 1 << 20),
          256,
          "How many rows the network takes at once, in `score` and in a Spark ML model.");

  private static final String CLUSTER = "Deadlines and network";

  public static final Setting<Duration> DEADLINE_LAUNCH =
      setting(
          "deadline.launch",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofMinutes(2),
          "How long the cluster may take to give a first executor, and then as many as there are"
              + " stages; how long a job may be left without any; and, in YARN's client mode, how long"
              + " YARN may take to start the application.");

  public static final Setting<Duration> DEADLINE_STEP =
      setting(
          "deadline.step",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofMinutes(10),
          "How long one step may take.");

  public static final Setting<Duration> DEADLINE_CONTACT =
      setting(
          "deadline.contact",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofSeconds(30),
          "How long it may take to reach another process and be recognised by it.");

  public static final Setting<Duration> DEADLINE_HEARTBEAT =
      setting(
          "deadline.heartbeat",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofSeconds(30),
          "How long an executor may give no sign of life before it counts as lost. With"
              + " exchange=shuffle the signs are Spark's own, and the wait is no shorter than three"
              + " times spark.executor.heartbeatInterval.");

  public static final Setting<Duration> DEADLINE_STOP =
      setting(
          "deadline.stop",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofSeconds(20),
          "How long a run that is told to stop (by Ctrl-C, SIGTERM, or the cluster manager) may take"
              + " to end its step and write a checkpoint. Keep it below what the cluster manager"
              + " grants before it kills.");

  public static final Setting<Integer> RECOVERY_ATTEMPTS =
      setting(
          "recovery.attempts",
          CLUSTER,
          integer(0, 1 << 16),
          3,
          "How many times a step is run again, with its stages placed anew, when an executor is lost,"
              + " hangs, or says what it must not. What comes of it is the same to the last bit. 0"
              + " ends the run at the first loss.");

  public static final Setting<Integer> RECOVERY_PER_HOUR =
      setting(
          "recovery.perHour",
          CLUSTER,
          integer(0, 1 << 20),
          20,
          "How many times within an hour steps are run again before the run ends.");

  public static final Setting<Duration> RECOVERY_REPLACEMENT =
      setting(
          "recovery.replacement",
          CLUSTER,
          duration(ANY_TIME),
          Duration.ofMinutes(2),
          "How long a lost executor's replacement is waited for.");

  public static final Setting<Integer> RECOVERY_LEAST_EXECUTORS =
      setting(
          "recovery.leastExecutors",
          CLUSTER,
          integer(0, 4096),
          0,
          "With how many executors a run may go on where lost ones are not replaced in that time;"
              + " some then host the stages of several, which takes as much more memory and time, until"
              + " the cluster gives others. 0: with all of them only.");

  public static final Setting<ExchangeKind> EXCHANGE =
      setting(
          "exchange",
          CLUSTER,
          choice(ExchangeKind.class, ExchangeKind::word),
          ExchangeKind.STREAMING,
          "What carries activations and gradients from executor to executor. streaming pushes them over"
              + " Spark's network layer; shuffle makes every step a Spark job whose stages shuffle"
              + " them, which needs no port and no long-lived task, and costs tens of milliseconds"
              + " for each tick of the schedule. Both train the same to the last bit.");

  public static final Setting<SynchronizerKind> SYNCHRONIZER =
      setting(
          "synchronizer",
          CLUSTER,
          choice(SynchronizerKind.class, SynchronizerKind::word),
          SynchronizerKind.DRIVER,
          "Who holds weights and updater state, and updates them. driver: the driver; gradients go"
              + " to it and new weights come back, each step. executor: each stage its own; the driver"
              + " hears norms only, and decides about clipping, skipping and the update, so that it"
              + " needs neither the network nor the time for them. Both train the same to the last"
              + " bit, and a run that was interrupted goes on with either.");

  public static final Setting<Integer> SYNCHRONIZER_THREADS =
      setting(
          "synchronizer.threads",
          CLUSTER,
          integer(0, 64),
          0,
          "Among how many threads of the driver an update of the weights is shared; 0 is as many as"
              + " the driver's process has processors, at most 4. The weights are the same to the"
              + " last bit. Stages that keep their weights themselves use one.");

  public static final Setting<WireType> WIRE_TYPE =
      setting(
          "wireType",
          CLUSTER,
          choice(WireType.class, WireType::word),
          WireType.FLOAT32,
          "As what activations and their gradients travel between executors: as they are, or as"
              + " float16, each tensor with a power of two of its own, for half the bytes. Everything"
              + " is computed in float32 all the same; weights, their gradients, labels and masks"
              + " travel as they are. A network of float64 is refused. What overflows or underflows"
              + " is counted in the report; the weights then depend on where the network is cut.");

  public static final Setting<DataSize> EXCHANGE_FRAME_LIMIT =
      setting(
          "exchange.frameLimit",
          CLUSTER,
          size(DataSize.ofMebibytes(1), ANY_SIZE),
          DataSize.ofMebibytes(8192),
          "The largest message that is accepted; a larger one is refused as malformed.");

  public static final Setting<Integer> EXCHANGE_CREDIT =
      setting(
          "exchange.credit",
          CLUSTER,
          integer(1, 1 << 16),
          ExchangeOptions.DEFAULT_CREDIT,
          "How many hops of one kind a neighbour may send ahead while a stage computes.");

  public static final SettingPrefix IO =
      prefix(
          "io.",
          CLUSTER,
          "Tunes the transport as Spark's spark.rpc.io.* does Spark's own, such as"
              + " io.serverThreads.");

  public static final Setting<Integer> PORT_DRIVER =
      setting(
          "port.driver",
          CLUSTER,
          integer(0, 65535),
          0,
          "The port on which the driver listens to the stages; 0 is any free one.");

  public static final Setting<Integer> PORT_EXECUTOR =
      setting(
          "port.executor",
          CLUSTER,
          integer(0, 65535),
          0,
          "The port on which each executor listens to its peers; 0 is any free one.");

  public static final Setting<Optional<String>> GPU_FIND =
      setting(
          "gpu.find",
          CLUSTER,
          optional(text()),
          Optional.empty(),
          "By what executors find a GPU themselves, where Spark gives them none: nvidia-smi, or the"
              + " path of a discovery script on every host. Each takes the first that no other"
              + " executor of its host has. For clusters whose executors are not all alike."
              + " docs/clusters.md says more. GPU support is experimental.");

  public static final Setting<String> GPU_LOCK_FOLDER =
      setting(
          "gpu.lockFolder",
          CLUSTER,
          text(),
          "/tmp/stagecoach-gpus",
          "With gpu.find: the folder of each host in which executors mark the GPUs that they have"
              + " taken. All executors of a host must see the same one.");

  public static final Setting<Boolean> GPU_CPU_FALLBACK =
      setting(
          "gpu.cpuFallback",
          CLUSTER,
          bool(),
          false,
          "Whether stages may compute on the CPU although GPUs are asked for: where an executor has"
              + " found none, or the jar, the driver or CUDA's libraries let ND4J load its CPU"
              + " backend only. The run then warns; without, it ends.");

  private Settings() {}

  /** Every setting, in the order of the documentation. */
  public static List<Setting<?>> all() {
    return Collections.unmodifiableList(ALL);
  }

  /** Every family of keys, in the order of the documentation. */
  public static List<SettingPrefix> prefixes() {
    return Collections.unmodifiableList(PREFIXES);
  }

  private static <T> Setting<T> setting(
      String name, String section, SettingType<T> type, T defaultValue, String sentence) {
    Setting<T> setting = new Setting<>(name, section, type, defaultValue, sentence);
    ALL.add(setting);
    return setting;
  }

  private static SettingPrefix prefix(String name, String section, String sentence) {
    SettingPrefix prefix = new SettingPrefix(name, section, sentence);
    PREFIXES.add(prefix);
    return prefix;
  }
}
