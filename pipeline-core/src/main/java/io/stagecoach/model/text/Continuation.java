package io.stagecoach.model.text;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.text.GeneratedText.Finish;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** One text on its way: the tokens that go into the model, and what it drew from what came out. */
final class Continuation {

  /** Any token will do where nobody looks at what comes of it. */
  private static final int FILLER = 0;

  private final int index;
  private final String prompt;
  private final OptionalInt endOfText;
  private final int maxLength;
  private final int capacity;
  private final TokenChoice choice;
  private final TokenDecoder decoder;
  private final StopText stop;
  private final TextListener listener;
  private final StringBuilder text = new StringBuilder();
  private final TokenList tokens;
  private final int promptLength;

  /** The first token that the model remembers. */
  private int start;

  /** How many tokens the model has had, those of before {@link #start} and fillers included. */
  private int taken;

  private int drawn;
  private Optional<Finish> finish;

  /**
   * @param index its place among the prompts
   * @param capacity the most tokens that the model can remember
   * @throws StagecoachException DATA where the prompt is longer than that, or has a character that
   *     the model does not know
   */
  Continuation(
      int index,
      String prompt,
      Tokenizer tokenizer,
      GenerationSettings settings,
      int capacity,
      TextListener listener) {
    this.index = index;
    this.prompt = prompt;
    int[] beginning = Beginning.of(prompt, tokenizer);
    this.tokens = new TokenList(beginning.length);
    this.tokens.add(beginning);
    this.promptLength = beginning.length;
    this.endOfText = tokenizer.endOfText();
    this.maxLength = settings.maxLength();
    this.capacity = capacity;
    this.choice = new TokenChoice(settings.sampling().of(index));
    this.decoder = tokenizer.decoder();
    this.stop = new StopText(settings.stops());
    this.listener = listener;
    this.finish = maxLength == 0 ? Optional.of(Finish.LENGTH) : Optional.empty();
    if (beginning.length > capacity) {
      throw new StagecoachException(
          ErrorKind.DATA,
          "Prompt "
              + index
              + ", counted from 0, has "
              + beginning.length
              + " tokens; the model can remember "
              + capacity,
          "Give a shorter prompt, or a model with a longer context.");
    }
  }

  int index() {
    return index;
  }

  /** How many tokens the prompt has. */
  int promptLength() {
    return promptLength;
  }

  boolean isDone() {
    return finish.isPresent();
  }

  /** Whether it has ended, or cannot go on before it {@linkplain #slide slides}. */
  boolean waits() {
    return isDone() || taken - start >= capacity;
  }

  /** From here on the model remembers the newest tokens only, half as many as it can. */
  void slide() {
    start = tokens.size() - Math.max(1, capacity / 2);
    taken = start;
  }

  /** How many tokens there are for the model to begin with. */
  int toBeginWith() {
    return tokens.size() - start;
  }

  /** So many of the tokens that the model is to begin with; they go into it together. */
  int[] first(int count) {
    taken = start + count;
    return IntStream.range(start, taken).map(tokens::get).toArray();
  }

  /** The next token that goes into the model. */
  int[] next() {
    int token = taken < tokens.size() ? tokens.get(taken) : FILLER;
    taken++;
    return new int[] {token};
  }

  /** Whether what the model predicts now is looked at. */
  boolean draws() {
    return !isDone() && taken >= tokens.size();
  }

  /** The model predicts what follows the tokens that it has had. */
  void draw(double[] probabilities) {
    int token = choice.next(probabilities);
    if (endOfText.equals(OptionalInt.of(token))) {
      finish(Finish.END);
      return;
    }
    drawn++;
    tokens.add(token);
    add(stop.next(decoder.next(token)));
    if (stop.reached()) {
      finish(Finish.STOP);
    } else if (drawn == maxLength) {
      finish(Finish.LENGTH);
    }
  }

  private void finish(Finish why) {
    if (!stop.reached()) {
      add(stop.next(decoder.end()));
      add(stop.end());
    }
    finish = Optional.of(why);
  }

  private void add(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      listener.next(index, piece);
    }
  }

  GeneratedText result() {
    return new GeneratedText(prompt, text.toString(), drawn, finish.orElseThrow());
  }
}
