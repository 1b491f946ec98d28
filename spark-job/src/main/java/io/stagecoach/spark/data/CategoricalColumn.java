package io.stagecoach.spark.data;

import io.stagecoach.spark.config.CategoryEncoding;
import java.io.Serializable;
import java.util.List;

/**
 * A column of categories among those of an input, as the training has fitted it.
 *
 * @param place which of the input's columns it is, from 0
 * @param encoding as which numbers categories go into the network
 * @param categories as texts, in the order of their indices
 */
public record CategoricalColumn(int place, CategoryEncoding encoding, List<String> categories)
    implements Serializable {

  public CategoricalColumn {
    categories = List.copyOf(categories);
  }

  /** How many numbers a category becomes. */
  int width() {
    return encoding == CategoryEncoding.ONE_HOT ? categories.size() : 1;
  }
}
