package io.stagecoach.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.Map;
import net.jqwik.api.Assume;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotEmpty;

class VocabularyTest {

  @Property(tries = 200)
  void everyTextComesBack(@ForAll @NotEmpty String text) {
    Vocabulary vocabulary = Vocabulary.of(text);
    int[] indices = vocabulary.encode(text);
    assertThat(indices).hasSize(text.codePointCount(0, text.length()));
    assertThat(vocabulary.decode(indices)).isEqualTo(text);
    assertThat(Tokenizer.fromJson(vocabulary.toJson())).isEqualTo(vocabulary);
  }

  @Property(tries = 100)
  void theOrderOfTheTextDoesNotMatter(@ForAll @NotEmpty String left, @ForAll String right) {
    Assume.that(!joinsASurrogatePair(left, right) && !joinsASurrogatePair(right, left));
    assertThat(Vocabulary.of(left + right)).isEqualTo(Vocabulary.of(right + left));
  }

  @Example
  void aSurrogatePairIsOneCharacter() {
    Vocabulary vocabulary = Vocabulary.of("a🚋b🚋");
    assertThat(vocabulary.size()).isEqualTo(3);
    assertThat(vocabulary.encode("🚋ab")).containsExactly(2, 0, 1);
    assertThat(vocabulary.toJson())
        .isEqualTo("{\"format\":\"stagecoach-vocabulary-1\",\"codePoints\":[97,98,128651]}");
  }

  @Example
  void anUnknownCharacterIsAnErrorThatNamesIt() {
    StagecoachException refusal =
        catchThrowableOfType(StagecoachException.class, () -> Vocabulary.of("abc").encode("abd"));
    assertThat(refusal.kind()).isEqualTo(ErrorKind.DATA);
    assertThat(refusal).hasMessageContaining("U+0064");
  }

  @Example
  void theReplacementCharacterStandsForTheRare() {
    Map<Integer, Long> counts = Vocabulary.counts("aaabbbcd");
    Vocabulary vocabulary = Vocabulary.ofCounts(counts, 3);
    assertThat(vocabulary.size()).isEqualTo(3);
    assertThat(vocabulary.decode(vocabulary.encode("dabcx"))).isEqualTo("\uFFFDab\uFFFD\uFFFD");
    assertThat(Vocabulary.ofCounts(counts, 4).codePoints()).containsExactly(97, 98, 99, 100);
  }

  @Example
  void noTextAndNoJsonAreRefused() {
    assertThat(catchThrowableOfType(StagecoachException.class, () -> Vocabulary.of("")).kind())
        .isEqualTo(ErrorKind.DATA);
    for (String json :
        new String[] {
          "",
          "[]",
          "{\"format\":\"other\",\"codePoints\":[1]}",
          "{\"format\":\"stagecoach-vocabulary-1\"}",
          "{\"format\":\"stagecoach-vocabulary-1\",\"codePoints\":[2,1]}",
          "{\"format\":\"stagecoach-vocabulary-1\",\"codePoints\":[1,null]}"
        }) {
      assertThat(catchThrowableOfType(StagecoachException.class, () -> Tokenizer.fromJson(json)))
          .as(json)
          .extracting(StagecoachException::kind)
          .isEqualTo(ErrorKind.DATA);
    }
  }

  private static boolean joinsASurrogatePair(String left, String right) {
    return !left.isEmpty()
        && !right.isEmpty()
        && Character.isSurrogatePair(left.charAt(left.length() - 1), right.charAt(0));
  }
}
