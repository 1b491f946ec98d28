package io.stagecoach.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class BytePairTokenizerTest {

  private static final String ROAD =
      "The coach left at dawn; the coachman's horses were fresh, and the road was the road. "
          + "L'été, naïve façade — 東京の東京 😀😀 1234 1234 aaaaaaa aaaa\n\n  the coach!\n";

  @Property(tries = 150)
  void learnsAndEncodesAsBruteForceDoes(
      @ForAll("corpora") String corpus, @ForAll("corpora") String other) {
    List<List<Integer>> expected = NaiveBytePairs.train(corpus, 300);
    BytePairTokenizer tokenizer = BytePairTrainer.train(counts(corpus), 300);
    assertThat(tokenizer.pairs()).isEqualTo(expected);
    for (String text : List.of(corpus, other)) {
      assertThat(Arrays.stream(tokenizer.encode(text)).boxed().toList())
          .isEqualTo(NaiveBytePairs.encode(text, expected));
      assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
    }
  }

  @Provide
  Arbitrary<String> corpora() {
    return Arbitraries.of(
            "a", "aa", "aaa", "ab", "ba", "abab", " a", " ab", "\n", "é", "ée", "😀", "1", "11",
            "'s")
        .list()
        .ofMinSize(1)
        .ofMaxSize(60)
        .map(parts -> String.join("", parts));
  }

  @Example
  void learnsALongerTextAsBruteForceDoes() {
    String text =
        ROAD.repeat(2)
            + new Random(3)
                .ints(3000, 'a', 'g')
                .collect(
                    StringBuilder::new,
                    (all, c) -> all.append((char) c).append(c == 'a' ? " " : ""),
                    StringBuilder::append);
    assertThat(BytePairTrainer.train(counts(text), 600).pairs())
        .isEqualTo(NaiveBytePairs.train(text, 600))
        .hasSizeGreaterThan(300);
  }

  /** Any text that is Unicode, whatever the tokenizer was trained on. */
  @Property(tries = 500)
  void everyTextComesBack(@ForAll("unicode") String text) {
    for (Tokenizer tokenizer :
        List.of(new ByteTokenizer(), BytePairTrainer.train(counts(ROAD.repeat(3)), 400))) {
      int[] tokens = tokenizer.encode(text);
      assertThat(tokenizer.decode(tokens)).isEqualTo(text);
      assertThat(Arrays.stream(tokens).map(tokenizer::bytes).sum())
          .isEqualTo(text.getBytes(StandardCharsets.UTF_8).length);
      assertThat(Arrays.stream(tokens).allMatch(t -> t >= 0 && t < tokenizer.size() && t != 256))
          .isTrue();
    }
  }

  @Provide
  Arbitrary<String> unicode() {
    return Arbitraries.integers()
        .between(0, Character.MAX_CODE_POINT)
        .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
        .list()
        .ofMaxSize(40)
        .map(
            codePoints -> {
              StringBuilder text = new StringBuilder();
              codePoints.forEach(text::appendCodePoint);
              return text.toString();
            });
  }

  @Example
  void countsOfPartsAddUp() {
    Map<String, Long> sum = counts(ROAD);
    counts(" " + ROAD).forEach((word, count) -> sum.merge(word, count, Long::sum));
    assertThat(BytePairTrainer.train(sum, 350))
        .isEqualTo(BytePairTrainer.train(counts(ROAD + " " + ROAD), 350));
  }

  @Example
  void endsWhereNoPairIsLeftThatOccursTwice() {
    BytePairTokenizer tokenizer = BytePairTrainer.train(counts("ab abc"), 1000);
    assertThat(tokenizer.pairs()).containsExactly(List.of((int) 'a', (int) 'b'));
    assertThat(tokenizer.size()).isEqualTo(258);
    assertThat(BytePairTrainer.train(Map.of(), 257).encode("ab")).containsExactly('a', 'b');
  }

  @Example
  void isTheSameFromJsonAndOnAnotherMachine() throws Exception {
    BytePairTokenizer tokenizer = BytePairTrainer.train(counts(ROAD.repeat(2)), 300);
    assertThat(Tokenizer.fromJson(tokenizer.toJson())).isEqualTo(tokenizer).isNotSameAs(tokenizer);
    assertThat(BytePairTrainer.train(counts("ab ab"), 300).toJson())
        .isEqualTo("{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[97,98]}");
    assertThat(Tokenizer.fromJson(new ByteTokenizer().toJson())).isEqualTo(new ByteTokenizer());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(tokenizer);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(in.readObject()).isEqualTo(tokenizer);
    }
  }

  @Example
  void aCharacterIsHeldBackUntilItIsWhole() {
    Tokenizer tokenizer = new ByteTokenizer();
    TokenDecoder decoder = tokenizer.decoder();
    int[] tokens = tokenizer.encode("é😀");
    assertThat(decoder.next(tokens[0])).isEmpty();
    assertThat(decoder.next(tokens[1])).isEqualTo("é");
    assertThat(decoder.next(tokens[2]) + decoder.next(tokens[3]) + decoder.next(tokens[4]))
        .isEmpty();
    assertThat(decoder.next(256)).isEmpty();
    assertThat(decoder.next(tokens[5])).isEqualTo("😀");
    assertThat(decoder.next(0xC3)).isEmpty();
    assertThat(decoder.next('a')).isEqualTo("\uFFFDa");
    assertThat(decoder.next(0xF0)).isEmpty();
    assertThat(decoder.end()).isEqualTo("\uFFFD");
    assertThat(decoder.end()).isEmpty();
    assertThat(tokenizer.decode(0xF0, 0x9F)).isEqualTo("\uFFFD");
  }

  @Example
  void whatIsNoneIsRefused() {
    for (String json :
        List.of(
            "",
            "null",
            "{}",
            "{\"format\":\"stagecoach-byte-pairs-1\"}",
            "{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[97]}",
            "{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[97,257]}",
            "{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[97,256]}",
            "{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[-1,97]}",
            "{\"format\":\"stagecoach-byte-pairs-1\",\"merges\":[97,98,97,98]}")) {
      assertThat(catchThrowableOfType(StagecoachException.class, () -> Tokenizer.fromJson(json)))
          .as(json)
          .extracting(StagecoachException::kind)
          .isEqualTo(ErrorKind.DATA);
    }
    assertThat(
            catchThrowableOfType(
                    StagecoachException.class, () -> BytePairTrainer.train(Map.of(), 256))
                .kind())
        .isEqualTo(ErrorKind.CONFIGURATION);
  }

  private static Map<String, Long> counts(String text) {
    Map<String, Long> counts = new HashMap<>();
    BytePairTrainer.words(text, word -> counts.merge(word, 1L, Long::sum));
    return counts;
  }
}
