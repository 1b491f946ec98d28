package io.stagecoach.model.text;

/** Hears of texts as they come. */
@FunctionalInterface
public interface TextListener {

  /**
   * A text goes on.
   *
   * @param prompt its place among the prompts
   * @param piece what is certain of it now, behind what came before; never empty
   */
  void next(int prompt, String piece);

  /** Hears nothing. */
  static TextListener none() {
    return (prompt, piece) -> {};
  }
}
