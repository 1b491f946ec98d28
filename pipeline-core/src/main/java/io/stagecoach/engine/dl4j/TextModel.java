package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.GenerationSettings;
import io.stagecoach.model.text.Grouping;
import io.stagecoach.model.text.TextGeneration;
import io.stagecoach.model.text.TextListener;
import io.stagecoach.model.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A saved model of texts, ready to go on with some, in plain Java:
 *
 * <pre>{@code
 * try (TextModel model = TextModel.open(Path.of("out/model.zip"))) {
 *   GenerationSettings settings = GenerationSettings.of(200, Sampling.at(0.8, 1));
 *   System.out.println(model.generate("Once upon a time", settings));
 * }
 * }</pre>
 *
 * <p>One thread uses it.
 */
public final class TextModel implements AutoCloseable {

  /** The entry of a model's file that has its tokenizer, as {@link Tokenizer#toJson} writes it. */
  public static final String TOKENIZER = "stagecoach.vocabulary";

  /** Enough for matrix products to be worth their while, few enough for caches to stay small. */
  private static final int SEQUENCES = 16;

  private final LocalSequences sequences;
  private final Tokenizer tokenizer;

  /**
   * @param model its weights are copied; it stays the caller's
   * @param tokenizer what the tokens are that it was trained on
   */
  public TextModel(Dl4jModelUpdater model, Tokenizer tokenizer) {
    this.sequences = new LocalSequences(model);
    this.tokenizer = tokenizer;
  }

  /**
   * Opens what a training has saved.
   *
   * @throws StagecoachException MODEL where it is not there, or is no model of texts
   */
  public static TextModel open(Path path) {
    Dl4jModelFile file = Dl4jModelFile.open(path);
    try (Dl4jModelUpdater model = file.updater()) {
      Tokenizer tokenizer =
          tokenizer(file.extras())
              .orElseThrow(
                  () ->
                      new StagecoachException(
                          ErrorKind.MODEL,
                          path + " has no tokenizer",
                          "Give a model that Stagecoach has trained on a text."));
      return new TextModel(model, tokenizer);
    }
  }

  /** The tokenizer among the further objects of a model's file. */
  public static Optional<Tokenizer> tokenizer(Map<String, Object> extras) {
    return Optional.ofNullable(extras.get(TOKENIZER))
        .map(String.class::cast)
        .map(Tokenizer::fromJson);
  }

  /** What the tokens of a text are. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Goes on with a text.
   *
   * @return the prompt and what follows it
   */
  public String generate(String prompt, GenerationSettings settings) {
    return generate(List.of(prompt), settings, TextListener.none()).get(0).whole();
  }

  /** Goes on with texts, as {@link TextGeneration#generate} does. */
  public List<GeneratedText> generate(
      List<String> prompts, GenerationSettings settings, TextListener listener) {
    return new TextGeneration(sequences, tokenizer, settings, new Grouping(SEQUENCES, 1))
        .generate(prompts, listener);
  }

  @Override
  public void close() {
    sequences.close();
  }
}
