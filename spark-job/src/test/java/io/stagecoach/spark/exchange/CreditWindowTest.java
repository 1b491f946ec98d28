package io.stagecoach.spark.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class CreditWindowTest {

  private enum Event {
    ARRIVE,
    TAKE,
    WAIT
  }

  /** Against the rule told in words: how far the sender may be, whatever happens in what order. */
  @Property(tries = 300)
  void theSenderIsNeverStuckWhileTheStageWaitsAndNeverFarAheadWhileItComputes(
      @ForAll @IntRange(min = 1, max = 9) int window, @ForAll @Size(max = 60) List<Event> events) {
    CreditWindow credit = new CreditWindow(window);
    long granted = credit.grant(false);
    assertThat(granted).isEqualTo(window);
    long arrived = 0;
    long taken = 0;
    boolean everWaited = false;
    for (Event event : events) {
      switch (event) {
        case ARRIVE -> {
          boolean accepted = credit.arrive();
          assertThat(accepted).isEqualTo(arrived < granted);
          arrived += accepted ? 1 : 0;
        }
        case TAKE -> {
          if (taken < arrived) {
            taken++;
            credit.take();
            granted = Math.max(granted, credit.grant(false));
          }
        }
        case WAIT -> {
          everWaited = true;
          granted = Math.max(granted, credit.grant(true));
          assertThat(granted).isGreaterThan(arrived);
        }
      }
      if (!everWaited) {
        assertThat(granted).isLessThanOrEqualTo(taken + window);
        assertThat(granted - taken).isGreaterThanOrEqualTo(1);
      }
    }
  }
}
