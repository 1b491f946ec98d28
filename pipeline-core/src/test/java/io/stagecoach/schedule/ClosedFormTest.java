package io.stagecoach.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClosedFormTest {

  @Test
  void byHand() {
    ClosedForm form = new ClosedForm(4, 8);
    assertThat(form.bubble()).isEqualTo(3 / 11.0);
    assertThat(form.idle(1, 2)).isEqualTo(9);
    assertThat(form.makespan(1, 2)).isEqualTo(33);
    assertThat(form.gpipeMakespan(1, 2, 5)).isEqualTo(63);
    assertThat(form.speedUp()).isEqualTo(32 / 11.0);
    assertThat(form.oneForwardOneBackwardPeakStash(0)).isEqualTo(4);
    assertThat(form.oneForwardOneBackwardPeakStash(3)).isEqualTo(1);
    assertThat(new ClosedForm(4, 2).oneForwardOneBackwardPeakStash(0)).isEqualTo(2);
    assertThat(new ClosedForm(2, 8).speedUp()).isEqualTo(16 / 9.0);
    assertThat(new ClosedForm(1, 8).bubble()).isZero();
  }
}
