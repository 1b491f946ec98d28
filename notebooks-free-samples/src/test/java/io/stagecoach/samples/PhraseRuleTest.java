package io.stagecoach.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class PhraseRuleTest {

  @Test
  void aPhraseBeginsIsGoneOnWithAndIsClosed() {
    PhraseRule rule = new PhraseRule(7);
    int[] tags = new int[PhraseRule.TAGS];
    for (long number = 0; number < 500; number++) {
      List<PhraseRule.Tagged> sequence = rule.sequence(number);
      assertThat(sequence).hasSizeBetween(PhraseRule.SHORTEST, PhraseRule.LONGEST);
      assertThat(rule.sequence(number)).isEqualTo(sequence);
      int before = PhraseRule.OUTSIDE;
      boolean closed = true;
      for (PhraseRule.Tagged step : sequence) {
        boolean within = before != PhraseRule.OUTSIDE && !closed;
        int expected =
            within ? PhraseRule.INSIDE : step.symbol() == 0 ? PhraseRule.BEGIN : PhraseRule.OUTSIDE;
        assertThat(step.tag()).isEqualTo(expected);
        closed = within && step.symbol() == 1;
        before = step.tag();
        tags[step.tag()]++;
      }
    }
    for (int count : tags) {
      assertThat(count).isGreaterThan(500);
    }
  }
}
