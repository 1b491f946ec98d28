package io.stagecoach.spark.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import org.junit.jupiter.api.Test;

class ProgressBarDisplayTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<String> drawn = new CopyOnWriteArrayList<>();
  private final Progress progress =
      new ProgressBarDisplay(
          new PrintStream(bytes, true, StandardCharsets.UTF_8),
          new DelegatingProgressBarConsumer(drawn::add, 200));

  @Test
  void theBarEndsWhereTheRunEnded() {
    progress.start(0, 40, 2);
    progress.step(new StepDone(39, 2, 1.5, 300));
    progress.step(new StepDone(40, 2, 1.25, 310));
    progress.close();
    assertThat(drawn.get(drawn.size() - 1))
        .startsWith("training 100%")
        .contains("40/40")
        .contains("epoch 2/2 loss 1.2500 310 examples/s");
  }

  @Test
  void aResumedRunBeginsWhereItWas() {
    progress.start(10, 40, 1);
    progress.close();
    assertThat(drawn.get(drawn.size() - 1)).contains("25%").contains("10/40");
  }

  @Test
  void messagesGoAboveTheBarWhichIsDrawnAgain() {
    progress.message("before");
    progress.start(0, 40, 1);
    int before = drawn.size();
    progress.message("between");
    // The bar is drawn by a thread of its own.
    long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    while (drawn.size() <= before && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(drawn).hasSizeGreaterThan(before);
    progress.close();
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo("before" + System.lineSeparator() + "\r\033[Kbetween" + System.lineSeparator());
  }

  @Test
  void onlyTerminalsAreTerminals() {
    assertThat(StandardError.isTerminal(Path.of("/dev/pts/3"))).isTrue();
    assertThat(StandardError.isTerminal(Path.of("/dev/tty1"))).isTrue();
    assertThat(StandardError.isTerminal(Path.of("/dev/null"))).isFalse();
    assertThat(StandardError.isTerminal(Path.of("pipe:[123]"))).isFalse();
    assertThat(StandardError.isTerminal(Path.of("/var/log/job.log"))).isFalse();
  }
}
