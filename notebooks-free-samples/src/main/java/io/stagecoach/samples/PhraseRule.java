package io.stagecoach.samples;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The sequences of {@link SequenceLabels}: symbols, each with a tag. The first of the symbols opens
 * a phrase, unless one is open, and the second closes it; the others mean nothing. What opens a
 * phrase is tagged {@link #BEGIN}, all up to what closes it {@link #INSIDE}, and the rest {@link
 * #OUTSIDE}, so that the tag of a symbol depends on symbols any time before. Every sequence is a
 * pure function of seed and number.
 */
record PhraseRule(long seed) implements Serializable {

  static final int SYMBOLS = 6;
  static final int TAGS = 3;
  static final int SHORTEST = 6;
  static final int LONGEST = 24;

  static final int OUTSIDE = 0;
  static final int BEGIN = 1;
  static final int INSIDE = 2;

  /** A symbol and its tag. */
  record Tagged(int symbol, int tag) {}

  /** The sequence of a number. */
  List<Tagged> sequence(long number) {
    SplittableRandom random = new SplittableRandom(31 * seed + number);
    int length = SHORTEST + random.nextInt(LONGEST - SHORTEST + 1);
    List<Tagged> sequence = new ArrayList<>(length);
    boolean open = false;
    for (int i = 0; i < length; i++) {
      int symbol = random.nextInt(SYMBOLS);
      boolean opens = !open && symbol == 0;
      sequence.add(new Tagged(symbol, opens ? BEGIN : open ? INSIDE : OUTSIDE));
      open = opens || (open && symbol != 1);
    }
    return sequence;
  }
}
