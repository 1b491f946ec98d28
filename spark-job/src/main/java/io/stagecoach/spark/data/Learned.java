package io.stagecoach.spark.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.model.text.Tokenizer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.nd4j.linalg.dataset.api.preprocessor.Normalizer;

/**
 * What was learned from the data of training and is saved with the model, and what other data must
 * be read by.
 *
 * @param labelNames the names of the classes in the order of their indices; empty where classes are
 *     numbers, and for other outputs
 * @param tokenizer what the tokens of a text are
 * @param normalizer how features are scaled
 * @param inputs from which columns the features of each input come; empty for a text, and where it
 *     is not known
 */
public record Learned(
    List<String> labelNames,
    Optional<Tokenizer> tokenizer,
    Optional<Normalizer<?>> normalizer,
    List<InputColumns> inputs) {

  private static final String LABEL_NAMES = "label_names";
  private static final String TOKENIZER = "tokenizer";
  private static final String NORMALIZER = "normalizer";
  private static final String INPUTS = "inputs";

  private static final ObjectMapper JSON = new ObjectMapper();

  public Learned {
    labelNames = List.copyOf(labelNames);
    inputs = List.copyOf(inputs);
  }

  /** Where the columns are not known. */
  public Learned(
      List<String> labelNames, Optional<Tokenizer> tokenizer, Optional<Normalizer<?>> normalizer) {
    this(labelNames, tokenizer, normalizer, List.of());
  }

  /** As texts by name. */
  public Map<String, String> toTexts() {
    Map<String, String> texts = new TreeMap<>();
    try {
      texts.put(LABEL_NAMES, JSON.writeValueAsString(labelNames));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a list of texts is always JSON", e);
    }
    tokenizer.ifPresent(tokens -> texts.put(TOKENIZER, tokens.toJson()));
    normalizer.ifPresent(
        scales ->
            texts.put(NORMALIZER, Base64.getEncoder().encodeToString(Normalizers.toBytes(scales))));
    if (!inputs.isEmpty()) {
      texts.put(INPUTS, InputColumns.toJson(inputs));
    }
    return texts;
  }

  /**
   * What {@link #toTexts} made.
   *
   * @throws IllegalArgumentException if it is something else
   */
  public static Learned fromTexts(Map<String, String> texts) {
    try {
      return new Learned(
          JSON.readValue(texts.get(LABEL_NAMES), new TypeReference<List<String>>() {}),
          Optional.ofNullable(texts.get(TOKENIZER)).map(Tokenizer::fromJson),
          Optional.ofNullable(texts.get(NORMALIZER))
              .<Normalizer<?>>map(text -> Normalizers.fromBytes(Base64.getDecoder().decode(text))),
          Optional.ofNullable(texts.get(INPUTS)).map(InputColumns::fromJson).orElse(List.of()));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the labels' names are no list of texts", e);
    }
  }
}
