package io.stagecoach.spark.job.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntervalKeyTest {

  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-03-01T00:10:00Z"), ZoneOffset.UTC);

  @ParameterizedTest
  @ValueSource(strings = {"2026-11-19", "2026-11-19T06", "20261119T060000+0100", "7", "week_47"})
  void isWhatTheSchedulerSays(String text) {
    assertThat(IntervalKey.parse(text, CLOCK).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "a'b", "../a", ".a", "a/b", "06:30", "{{ ds }}", "ä"})
  void isRefusedWhereItIsUnsafeInAPathOrInSql(String text) {
    assertThatThrownBy(() -> IntervalKey.parse(text, CLOCK))
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.CONFIGURATION))
        .hasMessageContaining("The interval is '" + text + "'");
  }

  @Test
  void daysOfTheClockAreInUtc() {
    assertThat(IntervalKey.parse("today", CLOCK).text()).isEqualTo("2026-03-01");
    assertThat(IntervalKey.parse("yesterday", CLOCK).text()).isEqualTo("2026-02-28");
  }

  @Test
  void takesThePlaceOfItsPlaceholderOnly() {
    assertThat(
            new IntervalKey("2026-11-19")
                .fill("s3a://lake/{a,b}/day={interval}/*.parquet?{interval}"))
        .isEqualTo("s3a://lake/{a,b}/day=2026-11-19/*.parquet?2026-11-19");
  }

  /** Whatever is accepted is one part of a path, and leaves a text of SQL one text. */
  @Property
  void whateverIsAcceptedIsSafe(@ForAll String text) {
    try {
      assertThat(new IntervalKey(text).text()).matches("[A-Za-z0-9._+-]+").doesNotStartWith(".");
    } catch (StagecoachException refused) {
      assertThat(text).doesNotMatch("[A-Za-z0-9]{1,64}");
    }
  }
}
