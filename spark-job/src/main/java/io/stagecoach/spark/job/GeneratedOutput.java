package io.stagecoach.spark.job;

import io.stagecoach.model.text.GeneratedText;
import io.stagecoach.model.text.TextListener;
import java.io.PrintStream;
import java.util.List;

/** Shows texts: a single one as it comes, several one below the other, those of a table not. */
abstract sealed class GeneratedOutput implements TextListener {

  /**
   * What is right for these prompts.
   *
   * @param table whether the texts go into a table
   */
  static GeneratedOutput of(List<String> prompts, boolean table, PrintStream out) {
    if (table) {
      return new Nothing();
    }
    return prompts.size() == 1 ? new Single(prompts.get(0), out) : new Several(out);
  }

  /** The first text is about to come. */
  void begin() {}

  @Override
  public void next(int prompt, String piece) {}

  /** All texts are there. */
  void end(List<GeneratedText> texts) {}

  private static final class Nothing extends GeneratedOutput {}

  private static final class Single extends GeneratedOutput {

    private final String prompt;
    private final PrintStream out;

    Single(String prompt, PrintStream out) {
      this.prompt = prompt;
      this.out = out;
    }

    @Override
    void begin() {
      next(0, prompt);
    }

    @Override
    public void next(int index, String piece) {
      out.print(piece);
      out.flush();
    }

    @Override
    void end(List<GeneratedText> texts) {
      out.println();
    }
  }

  private static final class Several extends GeneratedOutput {

    private final PrintStream out;

    Several(PrintStream out) {
      this.out = out;
    }

    @Override
    void end(List<GeneratedText> texts) {
      for (GeneratedText text : texts) {
        out.println(text.whole());
        out.println();
      }
    }
  }
}
