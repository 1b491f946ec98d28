package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.config.UnknownCategories;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * The categories of a table's columns: those that a model knows, else those of the training rows,
 * which a job finds.
 */
final class TableCategories {

  private final SparkSession spark;
  private final StagecoachConf conf;
  private final String name;
  private final Dataset<Row> table;
  private final Map<List<Object>, List<List<String>>> found = new HashMap<>();

  /**
   * @param name what a user calls the table
   */
  TableCategories(SparkSession spark, StagecoachConf conf, String name, Dataset<Row> table) {
    this.spark = spark;
    this.conf = conf;
    this.name = name;
    this.table = table;
  }

  /**
   * The form with what it takes to make numbers of categories; as it is where no column has any.
   *
   * @param before what was learned before
   * @param validationShare the share of rows that is not trained on; 1 where none is
   * @throws StagecoachException where the columns are not those that the model knows, or give more
   *     or fewer numbers than the network takes
   */
  TableForm encoded(TableColumns columns, TableForm form, Learned before, double validationShare) {
    List<InputColumns> inputs = form.inputs();
    requireFeatures(inputs);
    List<List<CategoricalColumn>> places = inputs.stream().map(this::unfitted).toList();
    List<List<CategoricalColumn>> known = inputs.stream().map(i -> known(i, before)).toList();
    boolean isKnown = known.stream().anyMatch(input -> !input.isEmpty());
    if (isKnown) {
      requireSamePlaces(inputs, places, known);
    } else if (places.stream().allMatch(List::isEmpty)) {
      return form;
    }
    TableForm encoded =
        isKnown
            ? form.with(encoders(inputs, known), conf.dataCategoricalUnknown())
            // What only the validation rows have is counted, and no error.
            : form.with(
                encoders(inputs, fitted(columns, form, places, validationShare)),
                UnknownCategories.OTHER);
    requireWidths(encoded, inputs);
    return encoded;
  }

  /** How many numbers the features of a network with one input have, which is not made yet. */
  int width(TableColumns columns, TableForm form, double validationShare) {
    InputColumns input = form.inputs().get(0);
    requireFeatures(List.of(input));
    return encoders(
            List.of(input), fitted(columns, form, List.of(unfitted(input)), validationShare))
        .get(0)
        .width();
  }

  private void requireFeatures(List<InputColumns> inputs) {
    for (String column : conf.dataCategorical()) {
      if (inputs.stream().noneMatch(input -> input.columns().contains(column))) {
        throw new StagecoachException(
            ErrorKind.CONFIGURATION,
            Settings.DATA_CATEGORICAL.key()
                + " names "
                + column
                + ", which is none of the features",
            "Correct it, or add the column to " + Settings.DATA_FEATURES.key() + ".");
      }
    }
  }

  private List<CategoricalColumn> unfitted(InputColumns input) {
    return IntStream.range(0, input.columns().size())
        .filter(place -> conf.dataCategorical().contains(input.columns().get(place)))
        .mapToObj(place -> new CategoricalColumn(place, conf.dataCategoricalEncoding(), List.of()))
        .toList();
  }

  private static List<CategoricalColumn> known(InputColumns input, Learned before) {
    return before.inputs().stream()
        .filter(learned -> learned.name().equals(input.name()))
        .findFirst()
        .map(InputColumns::categorical)
        .orElse(List.of());
  }

  private static void requireSamePlaces(
      List<InputColumns> inputs,
      List<List<CategoricalColumn>> given,
      List<List<CategoricalColumn>> known) {
    for (int i = 0; i < inputs.size(); i++) {
      List<Integer> now = given.get(i).stream().map(CategoricalColumn::place).toList();
      List<Integer> then = known.get(i).stream().map(CategoricalColumn::place).toList();
      if (!now.equals(then)) {
        List<String> columns = inputs.get(i).columns();
        throw DataErrors.data(
            "the model was trained with categories in the columns "
                + then.stream()
                    .map(place -> place < columns.size() ? columns.get(place) : "number " + place)
                    .collect(Collectors.joining(", "))
                + " of "
                + String.join(", ", columns),
            "Name these in " + Settings.DATA_CATEGORICAL.key() + ", in the order of training.");
      }
    }
  }

  private static List<CategoryEncoder> encoders(
      List<InputColumns> inputs, List<List<CategoricalColumn>> categorical) {
    List<CategoryEncoder> encoders = new ArrayList<>();
    int texts = 0;
    for (int i = 0; i < inputs.size(); i++) {
      encoders.add(new CategoryEncoder(inputs.get(i).columns().size(), categorical.get(i), texts));
      texts += categorical.get(i).size();
    }
    return encoders;
  }

  private List<List<CategoricalColumn>> fitted(
      TableColumns columns,
      TableForm form,
      List<List<CategoricalColumn>> places,
      double validationShare) {
    TableForm unfitted = form.with(encoders(form.inputs(), places), UnknownCategories.OTHER);
    List<String> names = unfitted.categoryColumns();
    if (validationShare >= 1) {
      throw new StagecoachException(
          ErrorKind.MODEL,
          "The model does not know the categories of " + String.join(", ", names),
          "Use one that was trained with " + Settings.DATA_CATEGORICAL.key() + ".");
    }
    // The training rows are those of a hash of what a row is read as.
    List<List<String>> all =
        found.computeIfAbsent(
            List.of(names, form.dataType(), form.label(), validationShare),
            key -> find(columns, unfitted, names, validationShare));
    List<List<CategoricalColumn>> fitted = new ArrayList<>();
    int next = 0;
    for (List<CategoricalColumn> input : places) {
      List<CategoricalColumn> some = new ArrayList<>();
      for (CategoricalColumn column : input) {
        some.add(new CategoricalColumn(column.place(), column.encoding(), all.get(next++)));
      }
      fitted.add(some);
    }
    return fitted;
  }

  private List<List<String>> find(
      TableColumns columns, TableForm unfitted, List<String> names, double validationShare) {
    JavaRDD<InternalRow> rows =
        TableRows.trainingCategories(
                TableRows.of(
                    table, columns, unfitted, conf.seed(), validationShare, StoreRows.Buckets.ONE))
            .queryExecution()
            .toRdd()
            .toJavaRDD();
    CategoryCollector nothing =
        new CategoryCollector(names.stream().map(columns::areWholeNumbers).toList());
    CategoryCollector collected =
        JobDescription.during(
            spark.sparkContext(),
            "Stagecoach: find the categories of " + name,
            () ->
                DataErrors.whileDoing(
                    "the data at " + name + " cannot be read",
                    () ->
                        rows.treeAggregate(
                            nothing, CategoryCollector::add, CategoryCollector::add)));
    List<List<String>> all = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      List<String> categories = collected.of(i);
      requireCategories(names.get(i), categories);
      all.add(categories);
    }
    return all;
  }

  private static void requireCategories(String column, List<String> categories) {
    if (categories.isEmpty()) {
      throw DataErrors.data(
          "the column " + column + " has no category in any row to train on",
          "Leave it out of " + Settings.DATA_FEATURES.key() + ", or mend the data.");
    }
    if (categories.size() > CategoryCollector.MOST) {
      throw DataErrors.data(
          "the column "
              + column
              + " has more than "
              + CategoryCollector.MOST
              + " categories, among them '"
              + categories.get(0)
              + "'",
          "Leave it out, or have "
              + Settings.DATA_QUERY.key()
              + " make fewer of them, such as pmod(xxhash64(…), 1000).");
    }
  }

  private static void requireWidths(TableForm form, List<InputColumns> inputs) {
    List<List<Integer>> shapes = new ArrayList<>(List.of(form.featureShape()));
    form.further().stream()
        .filter(FurtherColumn::isInput)
        .forEach(further -> shapes.add(further.shape()));
    for (int i = 0; i < inputs.size(); i++) {
      CategoryEncoder encoder = form.encoders().get(i);
      List<Integer> shape = shapes.get(i);
      if (!encoder.isIdentity() && !shape.equals(List.of(encoder.width()))) {
        throw DataErrors.data(
            "the columns "
                + shown(inputs.get(i).columns(), encoder.categorical())
                + " are "
                + encoder.width()
                + " numbers, and the network's input "
                + inputs.get(i).name()
                + (inputs.get(i).name().isEmpty() ? "" : " ")
                + "takes "
                + shape,
            "Change the network's input, or "
                + Settings.DATA_CATEGORICAL_ENCODING.key()
                + "; a preset is as wide as its data.");
      }
    }
  }

  private static String shown(List<String> columns, List<CategoricalColumn> categorical) {
    List<String> shown = new ArrayList<>(columns);
    for (CategoricalColumn column : categorical) {
      shown.set(
          column.place(),
          columns.get(column.place()) + " (" + column.categories().size() + " categories)");
    }
    return String.join(", ", shown);
  }
}
