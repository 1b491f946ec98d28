package io.stagecoach.model.text;

import java.util.Locale;

/**
 * What a model made of a prompt.
 *
 * @param prompt what the text begins with
 * @param text what follows it
 * @param tokens how many tokens were drawn for it
 * @param finish why it ends
 */
public record GeneratedText(String prompt, String text, int tokens, Finish finish) {

  /** Why a text ends. */
  public enum Finish {
    /** The model ended it. */
    END,
    /** A stop text came, which is left out. */
    STOP,
    /** It has as many tokens as were asked for. */
    LENGTH;

    /** The reason as a word. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The prompt and what follows it. */
  public String whole() {
    return prompt + text;
  }
}
