package io.stagecoach.spark.data;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.countDistinct;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.size;

import io.stagecoach.batch.Columns;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DataShape;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.spark.config.Normalization;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.UnknownCategories;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.nd4j.linalg.api.buffer.DataType;

/** The rows of a table as examples. */
final class TableData implements JobData {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final String name;
  private final Dataset<Row> table;
  private final Optional<DataSnapshot> snapshot;
  private final Optional<TableColumns> only;
  private final StoreDirectory stores;
  private final TableCategories categories;
  private final Map<String, PictureSample> samples = new ConcurrentHashMap<>();

  TableData(SparkSession spark, StagecoachConf conf, OpenedSource source) {
    this.spark = spark;
    this.conf = conf;
    this.name = source.name();
    this.table = source.rows();
    this.snapshot = source.snapshot();
    // Columns of several inputs are looked at when the model has said what its inputs are.
    boolean byName = !conf.dataFeaturesOf().isEmpty() || !conf.dataLabelOf().isEmpty();
    this.only = byName ? Optional.empty() : Optional.of(single());
    this.stores = StoreDirectory.of(spark, conf);
    this.categories = new TableCategories(spark, conf, name, table);
  }

  private TableColumns single() {
    return columns(conf.dataFeatures(), conf.dataLabel());
  }

  private TableColumns columns(List<String> features, List<String> label) {
    return new TableColumns(table, features, label, conf.dataCategorical());
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return Optional.empty();
  }

  @Override
  public boolean isEmpty() {
    return during("look for rows in", () -> reading(table::isEmpty));
  }

  @Override
  public DataShape shape() {
    TableColumns columns = only.orElseGet(this::single);
    return during(
        "look at the columns of", () -> new DataShape.Table(features(columns), classes(columns)));
  }

  private int features(TableColumns columns) {
    Optional<PictureSample> picture = picture(columns);
    if (picture.isPresent()) {
      return picture.get().numbers();
    }
    if (columns.categorical().isEmpty()) {
      return width(columns.featureValues(DataTypes.DoubleType));
    }
    LabelForm label =
        columns.labelIsName()
            ? LabelForm.NAME
            : columns.labelIsNumber() ? LabelForm.CLASS : LabelForm.VALUES;
    // As the rows of a preset's network will be read.
    TableForm form =
        new TableForm(
            columns.features(),
            columns.label(),
            List.of(columns.features().size()),
            true,
            label,
            List.of(),
            0,
            "double".equals(conf.modelPresetSettings().get("dataType"))
                ? DataType.DOUBLE
                : DataType.FLOAT,
            Columns.FEATURES,
            Columns.LABELS,
            List.of());
    return categories.width(columns, form, conf.dataValidationShare());
  }

  private int classes(TableColumns columns) {
    if (columns.labelIsName()) {
      return (int) single(countDistinct(columns.labelText())).getLong(0);
    }
    if (columns.labelIsNumber()) {
      Row greatest = single(max(columns.labelNumber()));
      return greatest.isNullAt(0) ? 0 : (int) greatest.getDouble(0) + 1;
    }
    return width(columns.labelArray(DataTypes.DoubleType));
  }

  private Row single(Column aggregate) {
    return reading(() -> table.agg(aggregate).head());
  }

  /** How many values an array column has, as the first row that has any says. */
  private int width(Column array) {
    List<Row> first =
        reading(
            () ->
                table
                    .select(array.as("values"))
                    .filter(col("values").isNotNull())
                    .select(size(col("values")))
                    .takeAsList(1));
    if (first.isEmpty()) {
      throw empty();
    }
    return first.get(0).getInt(0);
  }

  @Override
  public int timeSteps() {
    return 1;
  }

  @Override
  public OptionalLong numbers(String input) {
    TableColumns columns = columnsOf(input);
    if (!columns.categorical().isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(
        during(
            "look at the columns of",
            () ->
                picture(columns)
                    .map(PictureSample::numbers)
                    .orElseGet(() -> width(columns.featureValues(DataTypes.DoubleType)))));
  }

  /** The first picture of a column of them. */
  private Optional<PictureSample> picture(TableColumns columns) {
    return columns
        .pictures()
        .map(
            column ->
                samples.computeIfAbsent(
                    columns.features().get(0),
                    name -> reading(() -> PictureSample.first(table, column, name))));
  }

  @Override
  public List<Integer> imageSize(String input) {
    if (!conf.dataImageSize().isEmpty()) {
      return conf.dataImageSize();
    }
    return picture(columnsOf(input)).map(PictureSample::size).orElse(List.of());
  }

  private TableColumns columnsOf(String input) {
    return columns(conf.dataFeaturesOf().getOrDefault(input, conf.dataFeatures()), List.of());
  }

  private PictureForm pictures(TableColumns columns, List<Integer> shape, boolean channelsLast) {
    return picture(columns)
        .map(
            picture ->
                PictureForm.of(
                    columns.features().get(0),
                    shape,
                    channelsLast,
                    conf.dataImageSize().isEmpty() ? picture.size() : conf.dataImageSize()))
        .orElse(PictureForm.NONE);
  }

  @Override
  public PreparedData prepare(ModelShape shape, Optional<Learned> before) {
    boolean scaled = before.flatMap(Learned::normalizer).isPresent();
    return prepare(
        shape,
        new Task(
            "training",
            conf.dataValidationShare(),
            scaled ? Normalization.NONE : conf.dataNormalize(),
            before.orElse(new Learned(List.of(), Optional.empty(), Optional.empty())),
            Weighting.of(
                conf.dataWeightColumn().orElse(""),
                conf.dataClassWeights(),
                conf.dataClassWeightsOf())));
  }

  @Override
  public PreparedData prepareForEvaluation(ModelShape shape, Learned learned) {
    return prepare(shape, new Task("evaluation", 1.0, Normalization.NONE, learned, Weighting.NONE));
  }

  /**
   * What the rows are for.
   *
   * @param normalization what is fitted; nothing where a normalizer was learned before
   * @param weighting what the rows of the training part count
   */
  private record Task(
      String purpose,
      double validationShare,
      Normalization normalization,
      Learned learned,
      Weighting weighting) {}

  private PreparedData prepare(ModelShape shape, Task task) {
    NamedColumns named = new NamedColumns(conf, shape);
    TableColumns columns =
        only.filter(single -> !named.areNeeded())
            .orElseGet(() -> columns(named.features(), named.label()));
    TableForm form =
        categories.encoded(
            columns,
            during("look at the columns of", () -> form(columns, named, shape, task.weighting())),
            task.learned(),
            task.validationShare());
    int chunkRows = stores.chunkRows(form.exampleBytes());
    Fingerprint fingerprint = fingerprint(shape, task, chunkRows);
    Optional<DataSnapshot> known =
        snapshot.or(
            () ->
                SourceIdentity.ofFiles(spark, table)
                    .map(files -> DataSnapshot.ofFiles(name, files)));
    if (known.isPresent()) {
      Key key = key(fingerprint, known.get(), chunkRows);
      return stores
          .find(key.digest())
          .orElseGet(() -> write(columns, form, task, key, audit(columns, form, task)));
    }
    TableAudit audit = audit(columns, form, task);
    Key key = key(fingerprint, DataSnapshot.ofRows(name, audit.content()), chunkRows);
    return stores.find(key.digest()).orElseGet(() -> write(columns, form, task, key, audit));
  }

  /**
   * What tells a store from others.
   *
   * @param snapshot what of the source is in it
   * @param chunkRows how many rows a chunk has on average
   * @param digest of these and all else
   */
  private record Key(DataSnapshot snapshot, int chunkRows, String digest) {}

  private static Key key(Fingerprint others, DataSnapshot snapshot, int chunkRows) {
    return new Key(snapshot, chunkRows, others.with("snapshot", snapshot.identity()).digest());
  }

  private PreparedData write(
      TableColumns columns, TableForm form, Task task, Key key, TableAudit audit) {
    Learned learned = learned(form, task, audit);
    PreparedData.Counts counts = audit.counts();
    return stores.write(
        new StoreDirectory.Content(
            key.digest(),
            "Stagecoach: write the batch store of " + name,
            rows(
                columns,
                form,
                task,
                StoreRows.Buckets.of(counts.training(), counts.validation(), key.chunkRows())),
            TableRows.ties(form),
            new TableChunks(
                form,
                new RowCheck(form, learned.labelNames()),
                learned.normalizer().map(Normalizers::toBytes).orElse(new byte[0]),
                classWeights(form, learned, audit)),
            key.chunkRows(),
            new StoreMetadata(
                learned, form.featureShape(), counts, Optional.empty(), key.snapshot())));
  }

  private static double[] classWeights(TableForm form, Learned learned, TableAudit audit) {
    List<String> classes =
        form.label() == LabelForm.NAME
            ? learned.labelNames()
            : ClassWeights.indices(form.classes());
    return ClassWeights.of(form.weighting(), classes, audit.classes());
  }

  /** What was learned before, else what these rows teach. */
  private static Learned learned(TableForm form, Task task, TableAudit audit) {
    Learned before = task.learned();
    return new Learned(
        before.labelNames().isEmpty() ? audit.names() : before.labelNames(),
        Optional.empty(),
        before
            .normalizer()
            .or(
                () ->
                    Normalizers.fitted(task.normalization(), audit.statistics(), form.dataType())),
        form.inputs());
  }

  private TableAudit audit(TableColumns columns, TableForm form, Task task) {
    List<String> known = task.learned().labelNames();
    boolean collectNames = form.label() == LabelForm.NAME && known.isEmpty();
    RowCheck check = new RowCheck(form, known);
    TableAudit nothing =
        new TableAudit(
            check,
            collectNames ? form.classes() + 1 : 0,
            task.normalization() == Normalization.NONE ? null : new InputStatistics(form, check));
    JavaRDD<InternalRow> rows =
        rows(columns, form, task, StoreRows.Buckets.ONE).queryExecution().toRdd().toJavaRDD();
    TableAudit audit =
        during(
            "check the rows of",
            () -> reading(() -> rows.treeAggregate(nothing, TableAudit::add, TableAudit::add)));
    if (audit.rows() == 0) {
      throw empty();
    }
    audit.requireNothingFound(conf.dataMissing());
    if (collectNames && audit.names().size() > form.classes()) {
      throw DataErrors.data(
          "the column "
              + columns.label().get(0)
              + " has more classes than the "
              + form.classes()
              + " of the network's output, among them "
              + String.join(", ", audit.names()),
          "Change the size of the network's output.");
    }
    JobData.requireParts(audit.counts(), task.validationShare());
    if (form.weighting().hasColumn() && audit.counting() == 0) {
      throw DataErrors.data(
          "the weight "
              + form.weighting().column()
              + " is 0 in all of "
              + audit.counts().training()
              + " rows to train on",
          "Correct " + Settings.DATA_WEIGHT_COLUMN.key() + ", or mend the data.");
    }
    return audit;
  }

  private Dataset<Row> rows(
      TableColumns columns, TableForm form, Task task, StoreRows.Buckets buckets) {
    return TableRows.of(table, columns, form, conf.seed(), task.validationShare(), buckets);
  }

  private TableForm form(
      TableColumns columns, NamedColumns named, ModelShape shape, Weighting weighting) {
    PictureForm pictures = pictures(columns, shape.input(), shape.channelsLast());
    Lengths lengths = lengths(columns, shape.input());
    List<Integer> input = lengths.shape();
    List<Integer> output = new ArrayList<>(List.of(shape.outputs()));
    if (shape.perTimeStep()) {
      output.add(input.get(input.size() - 1));
    }
    LabelForm label = labelForm(columns, shape, output, lengths);
    if (weighting.dependsOnClass() && label == LabelForm.VALUES) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.DATA_CLASS_WEIGHTS.key()
              + " is set, but the label "
              + String.join(",", columns.label())
              + " is not one class",
          "Give classes as 0, 1, … or as texts, or name the weights of the rows in "
              + Settings.DATA_WEIGHT_COLUMN.key()
              + ".");
    }
    List<Integer> labelShape =
        switch (label) {
          case NAME, CLASS -> List.of();
          case CLASS_PER_TIME_STEP -> output.subList(1, 2);
          case VALUES -> output;
        };
    return new TableForm(
        columns.features(),
        columns.label(),
        input,
        !shape.indices(),
        label,
        labelShape,
        shape.output() == ModelShape.Output.CLASSES ? shape.outputs() : 0,
        shape.dataType(),
        named.storedFeatures(),
        named.storedLabels(),
        further(named, shape),
        List.of(),
        UnknownCategories.FAIL,
        weighting,
        pictures,
        lengths.differ());
  }

  /**
   * The shape of features.
   *
   * @param shape with the steps of the longest sequence
   * @param differ whether there are shorter ones
   */
  private record Lengths(List<Integer> shape, boolean differ) {}

  /**
   * The lengths of features whose last axis is time are those of all rows, others the network's.
   */
  private Lengths lengths(TableColumns columns, List<Integer> shape) {
    Column array = columns.featureValues(DataTypes.DoubleType);
    boolean sequences = shape.size() == 2 && shape.get(1) == ModelShape.ANY;
    if (!sequences || columns.featureCount().isPresent()) {
      return new Lengths(sized(shape, array), false);
    }
    Widths widths = widths(array);
    int steps = Math.max(1, widths.most() / shape.get(0));
    return new Lengths(List.of(shape.get(0), steps), widths.least() < widths.most());
  }

  /**
   * How many values an array column has, of all rows that have any: a pass over the table.
   *
   * @param least in the shortest array
   * @param most in the longest
   */
  private record Widths(int least, int most) {}

  private Widths widths(Column array) {
    Row found =
        reading(
            () ->
                table
                    .select(size(array).as("width"), array.as("values"))
                    .filter(col("values").isNotNull())
                    .agg(min(col("width")), max(col("width")))
                    .head());
    if (found.isNullAt(0)) {
      throw empty();
    }
    return new Widths(found.getInt(0), found.getInt(1));
  }

  /** The shape with the number of time steps that the columns have, where it does not say it. */
  private List<Integer> sized(List<Integer> shape, Column array) {
    List<Integer> sized = new ArrayList<>(shape);
    int time = sized.indexOf(ModelShape.ANY);
    if (time >= 0) {
      int others = sized.stream().filter(n -> n != ModelShape.ANY).reduce(1, (a, b) -> a * b);
      sized.set(time, Math.max(1, width(array) / others));
    }
    return sized;
  }

  private List<FurtherColumn> further(NamedColumns named, ModelShape shape) {
    List<FurtherColumn> all = new ArrayList<>();
    for (ModelShape.Input input : shape.furtherInputs()) {
      List<String> names = named.features(input.name());
      TableColumns columns = columns(names, named.label());
      PictureForm pictures = pictures(columns, input.shape(), input.channelsLast());
      all.add(
          new FurtherColumn(
              input.name(),
              Columns.features(input.name()),
              names,
              input.indices() ? FurtherColumn.Content.INDICES : FurtherColumn.Content.FEATURES,
              sized(input.shape(), columns.featureValues(DataTypes.DoubleType)),
              0,
              pictures));
    }
    shape.furtherOutputs().forEach(output -> all.add(further(named, output)));
    return all;
  }

  private FurtherColumn further(NamedColumns named, ModelShape.FurtherOutput output) {
    List<String> names = named.label(output.name());
    TableColumns columns = columns(named.features(), names);
    if (columns.labelIsName()) {
      throw DataErrors.data(
          "the column " + names.get(0) + " of the output " + output.name() + " holds texts",
          "Give its classes as 0, 1, …; texts are for " + named.storedLabels() + ".");
    }
    boolean classes = output.output() == ModelShape.Output.CLASSES;
    boolean index = classes && columns.labelIsNumber() && !output.perTimeStep();
    List<Integer> shape = new ArrayList<>();
    if (!index) {
      shape.add(output.outputs());
    }
    if (output.perTimeStep()) {
      shape.add(ModelShape.ANY);
    }
    return new FurtherColumn(
        output.name(),
        Columns.labels(output.name()),
        names,
        index ? FurtherColumn.Content.CLASS : FurtherColumn.Content.VALUES,
        sized(shape, columns.labelArray(DataTypes.DoubleType)),
        index ? output.outputs() : 0,
        PictureForm.NONE);
  }

  private LabelForm labelForm(
      TableColumns columns, ModelShape shape, List<Integer> output, Lengths lengths) {
    boolean classes = shape.output() == ModelShape.Output.CLASSES;
    if (columns.labelIsName() && (!classes || shape.perTimeStep())) {
      throw DataErrors.data(
          "the column "
              + columns.label().get(0)
              + " names classes, but the network's output is "
              + (classes ? "a class for every time step" : "values"),
          "Use a column of numbers, or a network that classifies.");
    }
    if (columns.labelIsName()) {
      return LabelForm.NAME;
    }
    if (columns.labelIsNumber()) {
      return classes && !shape.perTimeStep() ? LabelForm.CLASS : LabelForm.VALUES;
    }
    boolean isPerTimeStep =
        classes
            && shape.perTimeStep()
            && (lengths.differ()
                ? hasLabelPerStep(columns, lengths.shape().get(0))
                : width(columns.labelArray(DataTypes.DoubleType)) == output.get(1));
    return isPerTimeStep ? LabelForm.CLASS_PER_TIME_STEP : LabelForm.VALUES;
  }

  /** Whether there are as many labels as time steps, as the first row says that has both. */
  private boolean hasLabelPerStep(TableColumns columns, int inputs) {
    List<Row> first =
        reading(
            () ->
                table
                    .select(
                        columns.featureValues(DataTypes.DoubleType).as("features"),
                        columns.labelArray(DataTypes.DoubleType).as("label"))
                    .na()
                    .drop()
                    .select(size(col("features")), size(col("label")))
                    .takeAsList(1));
    if (first.isEmpty()) {
      throw empty();
    }
    return first.get(0).getInt(1) == first.get(0).getInt(0) / inputs;
  }

  private Fingerprint fingerprint(ModelShape shape, Task task, int chunkRows) {
    return new Fingerprint()
        .with("purpose", task.purpose())
        .with("source", name)
        .with("options", conf.dataOptions())
        .with("filter", conf.dataFilter().orElse(""))
        .with("columns", table.schema().json())
        .with("features", conf.dataFeatures())
        .with("label", conf.dataLabel())
        .with("imageSize", conf.dataImageSize())
        .with("featuresOf", conf.dataFeaturesOf())
        .with("labelOf", conf.dataLabelOf())
        .with("shape", shape)
        .with("categorical", conf.dataCategorical())
        .with("categoryEncoding", conf.dataCategoricalEncoding())
        .with("unknownCategories", conf.dataCategoricalUnknown())
        .with(
            "categories", task.learned().inputs().stream().map(InputColumns::categorical).toList())
        .with("weighting", task.weighting())
        .with("missing", conf.dataMissing())
        .with("validationShare", task.validationShare())
        .with("normalization", task.normalization())
        .with("normalizer", Fingerprint.of(task.learned().normalizer().map(Normalizers::toBytes)))
        .with("labelNames", task.learned().labelNames())
        .with("seed", conf.seed())
        .with("chunkRows", chunkRows);
  }

  private <T> T during(String doing, Supplier<T> jobs) {
    return JobDescription.during(spark.sparkContext(), "Stagecoach: " + doing + " " + name, jobs);
  }

  private <T> T reading(Callable<T> job) {
    return DataErrors.whileDoing("the data at " + name + " cannot be read", job);
  }

  private StagecoachException empty() {
    return new StagecoachException(
        ErrorKind.DATA,
        name + " has no rows",
        "Correct "
            + String.join(
                ", ",
                Settings.DATA_PATH.key(),
                Settings.DATA_TABLE.key(),
                Settings.DATA_QUERY.key())
            + " or "
            + Settings.DATA_FILTER.key()
            + ".");
  }
}
