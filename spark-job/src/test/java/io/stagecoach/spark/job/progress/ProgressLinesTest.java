package io.stagecoach.spark.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {

  private final AtomicLong nanos = new AtomicLong(-7);
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final Progress progress =
      new ProgressLines(new PrintStream(bytes, true, StandardCharsets.UTF_8), nanos::get);

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private void after(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private void step(long done, int epoch, double loss) {
    progress.step(new StepDone(done, epoch, loss, 1234.4));
  }

  @Test
  void aStepIsOneLineWithEverythingOnIt() {
    progress.start(0, 200, 1);
    after(Duration.ofSeconds(2));
    step(1, 1, 2.31);
    assertThat(lines())
        .containsExactly("step 1/200 epoch 1 loss 2.3100 1234 examples/s remaining 6m38s");
  }

  @Test
  void atMostOneLineASecond() {
    progress.start(0, 1000, 3);
    for (int i = 1; i <= 100; i++) {
      after(Duration.ofMillis(100));
      step(i, 1, 2);
    }
    assertThat(lines())
        .extracting(line -> line.substring(0, line.indexOf(" loss")))
        .containsExactly(
            "step 1/1000 epoch 1/3",
            "step 11/1000 epoch 1/3",
            "step 21/1000 epoch 1/3",
            "step 31/1000 epoch 1/3",
            "step 41/1000 epoch 1/3",
            "step 51/1000 epoch 1/3",
            "step 61/1000 epoch 1/3",
            "step 71/1000 epoch 1/3",
            "step 81/1000 epoch 1/3",
            "step 91/1000 epoch 1/3");
  }

  @Test
  void theLastStepAlwaysHasItsLineAndNothingRemains() {
    progress.start(0, 2, 1);
    after(Duration.ofMillis(10));
    step(1, 1, 2);
    after(Duration.ofMillis(10));
    step(2, 1, 1.5);
    progress.close();
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(1)).isEqualTo("step 2/2 epoch 1 loss 1.5000 1234 examples/s");
  }

  @Test
  void aRunThatStopsEarlyShowsTheStepItStoppedAt() {
    progress.start(0, 100, 1);
    after(Duration.ofMillis(10));
    step(1, 1, 2);
    after(Duration.ofMillis(10));
    step(2, 1, 1.5);
    progress.close();
    progress.close();
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(1)).startsWith("step 2/100 epoch 1 loss 1.5000");
  }

  @Test
  void aResumedRunCountsOnAndEstimatesFromItsOwnSteps() {
    progress.start(90, 100, 1);
    after(Duration.ofSeconds(3));
    step(91, 1, 2);
    assertThat(lines()).singleElement().asString().endsWith("remaining 27s");
  }

  @Test
  void theEstimateForgetsASlowBeginning() {
    progress.start(0, 1000, 1);
    after(Duration.ofMinutes(10));
    for (int i = 1; i <= 100; i++) {
      after(Duration.ofSeconds(1));
      step(i, 1, 2);
    }
    assertThat(lines().get(99)).endsWith("remaining 15m00s");
  }

  @Test
  void messagesAndValidationAreLinesOfTheirOwnAndNotHeldBack() {
    progress.message("reading the data");
    progress.start(0, 10, 2);
    progress.validation(1, 1.25, Map.of());
    progress.validation(2, 1.25, Map.of("bits_per_byte", 0.5));
    assertThat(lines())
        .containsExactly(
            "reading the data",
            "validation after epoch 1/2 loss 1.2500",
            "validation after epoch 2/2 loss 1.2500 bits per byte 0.5000");
  }

  @Test
  void aLossThatIsNotANumberIsSaidAsItIs() {
    progress.start(0, 1, 1);
    step(1, 1, Double.NaN);
    assertThat(lines()).singleElement().asString().contains("loss NaN");
  }
}
