package io.stagecoach.spark.data;

import io.stagecoach.model.text.Tokenizer;
import java.util.List;
import java.util.Optional;
import org.nd4j.linalg.dataset.api.preprocessor.DataNormalization;

/**
 * What was learned from the data of training and is saved with the model, and what other data must
 * be read by.
 *
 * @param labelNames the names of the classes in the order of their indices; empty where classes are
 *     numbers, and for other outputs
 * @param tokenizer what the tokens of a text are
 * @param normalizer how features are scaled
 */
public record Learned(
    List<String> labelNames,
    Optional<Tokenizer> tokenizer,
    Optional<DataNormalization> normalizer) {

  public Learned {
    labelNames = List.copyOf(labelNames);
  }
}
