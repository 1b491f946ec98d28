package io.stagecoach.model.text;

import java.util.function.Consumer;

/**
 * Cuts a text into words, as a byte-pair tokenizer must before it joins anything: no token reaches
 * over the border of a word. The words of a text, one after another, are the text.
 *
 * <p>A word is letters, digits, other signs, or white space; one blank before a word of the first
 * three kinds is part of it; an English contraction ({@code 's}, {@code 'll}) is a word by itself.
 * White space before a word that takes the last blank of it is a word without that blank. Words end
 * after {@value #LONGEST} characters, so that a text without white space costs no more than
 * another.
 */
final class Words {

  /** The most characters of a word, its leading blank not counted. */
  static final int LONGEST = 64;

  private static final String[] CONTRACTIONS = {"s", "t", "d", "m", "re", "ve", "ll"};

  private enum Kind {
    SPACE,
    LETTER,
    DIGIT,
    SIGN
  }

  private Words() {}

  /** White space of ASCII; any other is a sign. */
  static boolean isWhiteSpace(int codePoint) {
    return codePoint == ' ' || (codePoint >= '\t' && codePoint <= '\r');
  }

  private static Kind kind(int codePoint) {
    if (isWhiteSpace(codePoint)) {
      return Kind.SPACE;
    }
    if (codePoint < 0x80) {
      int lower = codePoint | 0x20;
      return lower >= 'a' && lower <= 'z'
          ? Kind.LETTER
          : codePoint >= '0' && codePoint <= '9' ? Kind.DIGIT : Kind.SIGN;
    }
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER,
          Character.NON_SPACING_MARK,
          Character.COMBINING_SPACING_MARK,
          Character.ENCLOSING_MARK ->
          Kind.LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          Kind.DIGIT;
      default -> Kind.SIGN;
    };
  }

  /** Gives each word of a text to {@code sink}, in order. */
  static void of(String text, Consumer<String> sink) {
    int start = 0;
    while (start < text.length()) {
      int end = end(text, start);
      sink.accept(text.substring(start, end));
      start = end;
    }
  }

  private static int end(String text, int start) {
    int contraction = contractionEnd(text, start);
    if (contraction > start) {
      return contraction;
    }
    int body = start;
    if (text.charAt(start) == ' ' && start + 1 < text.length()) {
      body = start + 1;
    }
    Kind kind = kind(text.codePointAt(body));
    if (kind == Kind.SPACE) {
      return spaceEnd(text, start);
    }
    return runEnd(text, body, kind);
  }

  private static int runEnd(String text, int start, Kind kind) {
    int end = start;
    for (int characters = 0; characters < LONGEST && end < text.length(); characters++) {
      int codePoint = text.codePointAt(end);
      if (kind(codePoint) != kind) {
        break;
      }
      end += Character.charCount(codePoint);
    }
    return end;
  }

  /** White space, but the last of it only where nothing or it alone is before the next word. */
  private static int spaceEnd(String text, int start) {
    int end = runEnd(text, start, Kind.SPACE);
    boolean beforeAWord = end < text.length() && !isWhiteSpace(text.charAt(end));
    return beforeAWord && end - start > 1 ? end - 1 : end;
  }

  private static int contractionEnd(String text, int start) {
    if (text.charAt(start) == '\'') {
      for (String letters : CONTRACTIONS) {
        if (text.startsWith(letters, start + 1)) {
          return start + 1 + letters.length();
        }
      }
    }
    return start;
  }
}
