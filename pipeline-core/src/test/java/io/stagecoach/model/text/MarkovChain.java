package io.stagecoach.model.text;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A model whose predictions depend on all tokens of a sequence so far. It checks that it is called
 * as a {@link SequenceModel} is to be, and counts.
 */
final class MarkovChain implements SequenceModel {

  private final int vocabulary;
  private final int longest;
  private final List<List<StringBuilder>> had = new ArrayList<>();
  int calls;
  int mostGroups;

  MarkovChain(int vocabulary, int longest) {
    this.vocabulary = vocabulary;
    this.longest = longest;
  }

  /** What follows a sequence. */
  double[] after(String sequence) {
    SplittableRandom random = new SplittableRandom(sequence.hashCode());
    return random.doubles(vocabulary, 0.01, 1).toArray();
  }

  /** The most probable next token. */
  int most(String sequence) {
    double[] next = after(sequence);
    int best = 0;
    for (int i = 0; i < vocabulary; i++) {
      best = next[i] > next[best] ? i : best;
    }
    return best;
  }

  @Override
  public List<INDArray> next(List<int[][]> tokens, boolean fresh) {
    calls++;
    mostGroups = Math.max(mostGroups, tokens.size());
    if (fresh) {
      had.clear();
      for (int[][] group : tokens) {
        List<StringBuilder> sequences = new ArrayList<>();
        for (int i = 0; i < group.length; i++) {
          sequences.add(new StringBuilder());
        }
        had.add(sequences);
      }
    }
    List<INDArray> predicted = new ArrayList<>();
    for (int g = 0; g < tokens.size(); g++) {
      predicted.add(next(tokens.get(g), had.get(g)));
    }
    return predicted;
  }

  private INDArray next(int[][] group, List<StringBuilder> sequences) {
    if (group.length != sequences.size()) {
      throw new AssertionError("a group of " + sequences.size() + " became " + group.length);
    }
    double[][] rows = new double[group.length][];
    for (int i = 0; i < group.length; i++) {
      if (group[i].length == 0 || group[i].length != group[0].length) {
        throw new AssertionError(group[i].length + " tokens beside " + group[0].length);
      }
      for (int token : group[i]) {
        sequences.get(i).append((char) token);
      }
      if (sequences.get(i).length() > longest) {
        throw new AssertionError("a sequence of " + sequences.get(i).length() + " tokens");
      }
      rows[i] = after(sequences.get(i).toString());
    }
    return Nd4j.createFromArray(rows);
  }

  @Override
  public int longestSequence() {
    return longest;
  }

  @Override
  public void close() {}
}
