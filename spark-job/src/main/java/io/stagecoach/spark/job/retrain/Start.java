package io.stagecoach.spark.job.retrain;

import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What an attempt began with. One that was interrupted goes on where this is still the same.
 *
 * @param from the model that it goes on from; null where the settings name one
 * @param settings the settings that training depends on
 */
record Start(ModelRef from, Map<String, String> settings) {

  Start {
    settings = Collections.unmodifiableMap(new TreeMap<>(settings));
  }

  boolean isSameAs(Start other) {
    return Objects.equals(from, other.from) && settings.equals(other.settings);
  }
}
