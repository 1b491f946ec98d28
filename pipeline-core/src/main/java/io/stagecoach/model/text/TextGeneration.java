package io.stagecoach.model.text;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Goes on with texts. Those of a group are in lockstep: as many tokens as the shortest prompt has
 * go into the model at once, then one by one, of the prompt where it has more, else the one drawn
 * before. Texts that have ended go on unheard until all have.
 *
 * <p>A text may become longer than the model can remember. Whenever its memory is full, the model
 * forgets all of the text and is given its newest tokens again, half as many as it can remember;
 * the text goes on from there.
 *
 * <p>What becomes of a prompt depends on the settings and its place among the prompts, never on
 * which others are under way beside it. Not for use by several threads.
 */
public final class TextGeneration {

  private final SequenceModel model;
  private final Tokenizer tokenizer;
  private final GenerationSettings settings;
  private final Grouping grouping;

  /**
   * @param model predicts the next tokens; stays the caller's to close
   * @param tokenizer whose tokens it was trained on
   */
  public TextGeneration(
      SequenceModel model, Tokenizer tokenizer, GenerationSettings settings, Grouping grouping) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.settings = settings;
    this.grouping = grouping;
  }

  /**
   * Goes on with texts.
   *
   * @param prompts what they begin with; an empty one is the beginning of a document
   * @param listener hears of each text as it comes
   * @return what became of each, in the order of the prompts
   * @throws io.stagecoach.error.StagecoachException of kind DATA where a prompt has a character
   *     that the model does not know, or is longer than it can remember; NUMERIC where it predicts
   *     nothing
   */
  public List<GeneratedText> generate(List<String> prompts, TextListener listener) {
    List<Continuation> all = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      all.add(
          new Continuation(
              i, prompts.get(i), tokenizer, settings, model.longestSequence(), listener));
    }
    // Together where they are about as long: what is beyond the shortest goes in token by token.
    List<Continuation> byLength = new ArrayList<>(all);
    byLength.sort(Comparator.comparingInt(Continuation::promptLength));
    int size = grouping.sequencesOf(all.size());
    int atOnce = Math.multiplyExact(size, grouping.groups());
    for (int first = 0; first < byLength.size(); first += atOnce) {
      finish(byLength.subList(first, Math.min(byLength.size(), first + atOnce)), size);
    }
    return all.stream().map(Continuation::result).toList();
  }

  private static List<List<Continuation>> groups(List<Continuation> texts, int size) {
    return IntStream.range(0, (texts.size() + size - 1) / size)
        .mapToObj(g -> texts.subList(g * size, Math.min(texts.size(), (g + 1) * size)))
        .toList();
  }

  /** Takes texts to their ends; those that fill the model's memory go on together from a part. */
  private void finish(List<Continuation> texts, int size) {
    List<Continuation> left = texts;
    while (!left.isEmpty()) {
      run(groups(left, size));
      left = left.stream().filter(text -> !text.isDone()).toList();
      left.forEach(Continuation::slide);
    }
  }

  private void run(List<List<Continuation>> texts) {
    List<List<Continuation>> groups = underWay(texts);
    for (boolean fresh = true; !groups.isEmpty(); fresh = false) {
      boolean first = fresh;
      List<int[][]> tokens = groups.stream().map(group -> tokens(group, first)).toList();
      List<INDArray> predicted = model.next(tokens, fresh);
      try {
        for (int g = 0; g < groups.size(); g++) {
          draw(groups.get(g), predicted.get(g));
        }
      } finally {
        predicted.forEach(INDArray::close);
      }
      groups = underWay(groups);
    }
  }

  /**
   * The groups without those at the end of which no text can go on: the model knows groups by their
   * place. Those with the longest prompts come last, so that none fills the model's memory before
   * one that goes on.
   */
  private static List<List<Continuation>> underWay(List<List<Continuation>> groups) {
    int end = groups.size();
    while (end > 0 && groups.get(end - 1).stream().allMatch(Continuation::waits)) {
      end--;
    }
    return groups.subList(0, end);
  }

  private static int[][] tokens(List<Continuation> group, boolean fresh) {
    int shortest = group.get(0).toBeginWith();
    return group.stream()
        .map(text -> fresh ? text.first(shortest) : text.next())
        .toArray(int[][]::new);
  }

  private static void draw(List<Continuation> group, INDArray predicted) {
    for (int i = 0; i < group.size(); i++) {
      Continuation text = group.get(i);
      if (text.draws()) {
        text.draw(probabilities(predicted, i));
      }
    }
  }

  private static double[] probabilities(INDArray predicted, int sequence) {
    try (INDArray row = predicted.slice(sequence).castTo(DataType.DOUBLE).dup('c')) {
      return row.toDoubleVector();
    }
  }
}
