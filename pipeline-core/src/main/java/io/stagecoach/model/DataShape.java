package io.stagecoach.model;

import java.io.Serializable;

/** What a preset must know of the data. */
public sealed interface DataShape extends Serializable {

  /**
   * Text as a sequence of tokens.
   *
   * @param vocabulary how many different tokens there are
   */
  record Text(int vocabulary) implements DataShape {}

  /**
   * A table of numbers with a class for each row.
   *
   * @param features how many numbers a row has
   * @param classes how many classes there are
   */
  record Table(int features, int classes) implements DataShape {}
}
