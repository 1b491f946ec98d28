package io.stagecoach.spark.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * The categories of columns, one pass over the training rows. Their order does not depend on that
 * of the rows: whole numbers by size, others as texts are compared.
 */
final class CategoryCollector implements Serializable {

  /** Who has more has names of things, not kinds of things. */
  static final int MOST = 1 << 16;

  private static final long serialVersionUID = 1L;

  private final ArrayList<TreeSet<String>> categories = new ArrayList<>();

  /** Orders texts of whole numbers by their size. */
  private enum Order implements Comparator<String> {
    TEXTS {
      @Override
      public int compare(String a, String b) {
        return a.compareTo(b);
      }
    },
    NUMBERS {
      @Override
      public int compare(String a, String b) {
        return Long.compare(Long.parseLong(a), Long.parseLong(b));
      }
    }
  }

  /**
   * @param numbers of each column, whether its texts are whole numbers
   */
  CategoryCollector(List<Boolean> numbers) {
    for (boolean isNumber : numbers) {
      categories.add(new TreeSet<>(isNumber ? Order.NUMBERS : Order.TEXTS));
    }
  }

  /** Adds a row whose only column is the array of its categories. */
  CategoryCollector add(InternalRow row) {
    ArrayData texts = row.getArray(0);
    for (int i = 0; i < categories.size(); i++) {
      if (!texts.isNullAt(i)) {
        add(i, texts.getUTF8String(i).toString());
      }
    }
    return this;
  }

  /** Adds what another has found. */
  CategoryCollector add(CategoryCollector other) {
    for (int i = 0; i < categories.size(); i++) {
      for (String category : other.categories.get(i)) {
        add(i, category);
      }
    }
    return this;
  }

  private void add(int column, String category) {
    if (categories.get(column).size() <= MOST) {
      categories.get(column).add(category);
    }
  }

  /** The categories of a column; more than {@link #MOST} where there are too many. */
  List<String> of(int column) {
    return List.copyOf(categories.get(column));
  }
}
