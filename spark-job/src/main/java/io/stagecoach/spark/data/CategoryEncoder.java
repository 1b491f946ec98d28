package io.stagecoach.spark.data;

import io.stagecoach.spark.config.CategoryEncoding;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * Makes the numbers of an input from those of its columns, in the columns' order: a number stays, a
 * category becomes its index or a 1 among zeros. A category that is not known is all zeros, or the
 * index behind the last.
 */
final class CategoryEncoder implements Serializable {

  private static final long serialVersionUID = 1L;

  private final int columns;
  private final int firstText;
  private final ArrayList<CategoricalColumn> categorical;
  private final ArrayList<HashMap<String, Integer>> indices = new ArrayList<>();

  /**
   * @param columns how many columns the input has
   * @param categorical those of categories, in the order of their places
   * @param firstText which of a row's texts is that of the first of them
   */
  CategoryEncoder(int columns, List<CategoricalColumn> categorical, int firstText) {
    this.columns = columns;
    this.firstText = firstText;
    this.categorical = new ArrayList<>(categorical);
    for (CategoricalColumn column : categorical) {
      HashMap<String, Integer> known = new HashMap<>();
      for (String category : column.categories()) {
        known.put(category, known.size());
      }
      indices.add(known);
    }
  }

  /** Whether a row's numbers stay as they are, be they of columns or of one vector. */
  boolean isIdentity() {
    return categorical.isEmpty();
  }

  /** How many columns the input has. */
  int columns() {
    return columns;
  }

  /** The columns of categories. */
  List<CategoricalColumn> categorical() {
    return List.copyOf(categorical);
  }

  /** How many numbers it makes. */
  int width() {
    return columns
        - categorical.size()
        + categorical.stream().mapToInt(CategoricalColumn::width).sum();
  }

  /** Which of the numbers it makes come from categories. */
  boolean[] encoded() {
    boolean[] encoded = new boolean[width()];
    int at = 0;
    int next = 0;
    for (int i = 0; i < columns; i++) {
      if (isCategorical(i, next)) {
        int width = categorical.get(next++).width();
        Arrays.fill(encoded, at, at + width, true);
        at += width;
      } else {
        at++;
      }
    }
    return encoded;
  }

  /**
   * The numbers of a row that has all its categories.
   *
   * @param numbers of each column; what stands in the place of a category is not looked at
   * @param texts the row's categories, of all inputs
   */
  double[] encode(double[] numbers, IntFunction<String> texts) {
    double[] all = new double[width()];
    int at = 0;
    int next = 0;
    for (int i = 0; i < columns; i++) {
      if (!isCategorical(i, next)) {
        all[at++] = numbers[i];
        continue;
      }
      CategoricalColumn column = categorical.get(next);
      Integer index = indices.get(next).get(texts.apply(firstText + next));
      if (column.encoding() == CategoryEncoding.INDEX) {
        all[at] = index == null ? column.categories().size() : index;
      } else if (index != null) {
        all[at + index] = 1;
      }
      at += column.width();
      next++;
    }
    return all;
  }

  /** Which of the input's columns has no category in a row, if one has none. */
  OptionalInt missing(IntFunction<String> texts) {
    for (int i = 0; i < categorical.size(); i++) {
      if (texts.apply(firstText + i) == null) {
        return OptionalInt.of(categorical.get(i).place());
      }
    }
    return OptionalInt.empty();
  }

  /** Which of the input's columns has a category that is not known, if one has. */
  OptionalInt unknown(IntFunction<String> texts) {
    for (int i = 0; i < categorical.size(); i++) {
      String text = texts.apply(firstText + i);
      if (text != null && !indices.get(i).containsKey(text)) {
        return OptionalInt.of(categorical.get(i).place());
      }
    }
    return OptionalInt.empty();
  }

  /** The category of one of the input's columns that have some. */
  String text(int place, IntFunction<String> texts) {
    for (int i = 0; i < categorical.size(); i++) {
      if (categorical.get(i).place() == place) {
        return texts.apply(firstText + i);
      }
    }
    throw new IllegalArgumentException("column " + place + " has no categories");
  }

  private boolean isCategorical(int column, int next) {
    return next < categorical.size() && categorical.get(next).place() == column;
  }
}
