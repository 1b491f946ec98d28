package io.stagecoach.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RoadJournalTest {

  @Test
  void theTextInTheRepositoryIsTheOneThatIsWritten() throws Exception {
    assertThat(Files.readString(Path.of("data/road-journal.txt"))).isEqualTo(RoadJournal.write());
  }

  @Test
  void itIsPlainAndVaried() throws Exception {
    String journal = RoadJournal.write();
    assertThat(journal.length()).isBetween(200_000, 202_000);
    assertThat(journal).matches("(?s)[\\x0a\\x20-\\x7e]+").doesNotContain("<", ">", "  ");
    assertThat(journal.lines().filter(line -> !line.isEmpty()).distinct().count())
        .isGreaterThan(800);
  }

  @Test
  void aRuleBecomesOneOfItsTexts() {
    Grammar grammar = Grammar.parse("# ends\nend:\n<word>!\n\nword:\n$1\nb\n");
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 20; i++) {
      assertThat(grammar.write("end", random)).isIn("$1!", "b!");
    }
  }

  @Test
  void aGrammarThatDoesNotHangTogetherIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grammar.parse("a:\n<b>\n"))
        .withMessageContaining("refers to b");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grammar.parse("text\n"))
        .withMessageContaining("before the first rule");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grammar.parse("a:\nb:\nx\n"))
        .withMessageContaining("no text");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Grammar.parse("a:\nx\n").write("b", new SplittableRandom(1)));
  }
}
