package io.stagecoach.model.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class WordsTest {

  /** The same rule as a regular expression. */
  private static final Pattern ORACLE =
      Pattern.compile(
          "'(?:[stdm]|re|ve|ll)"
              + "| ?[\\p{L}\\p{M}]{1,64}+"
              + "| ?\\p{N}{1,64}+"
              + "| ?[^\\s\\p{L}\\p{M}\\p{N}]{1,64}+"
              + "|\\s{1,64}(?!\\S)"
              + "|\\s{1,64}");

  @Property(tries = 1000)
  void areThoseOfTheExpression(@ForAll("texts") String text) {
    List<String> expected = new ArrayList<>();
    Matcher matcher = ORACLE.matcher(text);
    while (matcher.find()) {
      expected.add(matcher.group());
    }
    assertThat(words(text)).isEqualTo(expected);
    assertThat(String.join("", words(text))).isEqualTo(text);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
            Arbitraries.of(
                "a",
                "Z",
                "é",
                "ß",
                "中",
                "\u0301",
                "7",
                "½",
                "'",
                "s",
                "ll",
                ".",
                "!?",
                "😀",
                "\u00A0",
                " ",
                "  ",
                "\n",
                "\r\n",
                "\t",
                "x".repeat(70),
                " ".repeat(66)),
            Arbitraries.strings().ofMaxLength(3))
        .list()
        .ofMaxSize(12)
        .map(parts -> String.join("", parts));
  }

  @Example
  void aBlankBelongsToTheWordBehindIt() {
    assertThat(words("the coach's  late,\n\n 3rd time"))
        .containsExactly("the", " coach", "'s", " ", " late", ",", "\n\n", " 3", "rd", " time");
  }

  /** A text cut where it is allowed has the same words. */
  @Property(tries = 300)
  void cutsDoNotMatter(@ForAll("texts") String text) {
    for (int at = 1; at < text.length(); at++) {
      if (!Character.isLowSurrogate(text.charAt(at))
          && TextCut.BEFORE_WHITE_SPACE.between(text.codePointBefore(at), text.codePointAt(at))) {
        List<String> parts = new ArrayList<>(words(text.substring(0, at)));
        parts.addAll(words(text.substring(at)));
        assertThat(parts).isEqualTo(words(text));
      }
    }
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Words.of(text, words::add);
    return words;
  }
}
