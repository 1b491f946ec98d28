package io.stagecoach.spark.ui;

import java.util.HashSet;
import java.util.Set;

/**
 * The names of the runs that go on in this process. The first is {@code stagecoach}, so that a
 * dashboard finds it; others at the same time are {@code run2.stagecoach} and so on. None is the
 * beginning of another, because Spark removes all metrics whose names begin with a source's.
 */
final class SourceNames {

  private static final String NAME = "stagecoach";

  private final Set<String> taken = new HashSet<>();

  /** A name that nobody has until it is given back. */
  synchronized String take() {
    String name = NAME;
    for (int run = 2; !taken.add(name); run++) {
      name = "run" + run + "." + NAME;
    }
    return name;
  }

  synchronized void giveBack(String name) {
    taken.remove(name);
  }
}
