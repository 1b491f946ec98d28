package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FirstCauseTest {

  private final BlockingQueue<StagecoachException> found = new LinkedBlockingQueue<>();

  private static StagecoachException failure(ErrorKind kind) {
    return new StagecoachException(kind, kind.name(), "");
  }

  @Test
  void aCauseIsNotHeldBack() {
    FirstCause cause = new FirstCause(Duration.ofHours(1), found::add);
    cause.hear(failure(ErrorKind.DATA));
    assertThat(found).extracting(StagecoachException::kind).containsExactly(ErrorKind.DATA);
  }

  @Test
  void aConsequenceWaitsForItsCause() {
    FirstCause cause = new FirstCause(Duration.ofHours(1), found::add);
    cause.hear(failure(ErrorKind.PEER));
    cause.hear(failure(ErrorKind.EXECUTOR_LOST));
    assertThat(found).isEmpty();
    cause.hear(failure(ErrorKind.RESOURCE));
    cause.hear(failure(ErrorKind.DATA));
    assertThat(found).extracting(StagecoachException::kind).containsExactly(ErrorKind.RESOURCE);
  }

  @Test
  void withoutACauseTheNearestConsequenceIsSaid() throws InterruptedException {
    FirstCause cause = new FirstCause(Duration.ofMillis(50), found::add);
    cause.hear(failure(ErrorKind.INTERRUPTED));
    cause.hear(failure(ErrorKind.PEER));
    cause.hear(failure(ErrorKind.CLUSTER));
    cause.hear(failure(ErrorKind.EXECUTOR_LOST));
    cause.hear(failure(ErrorKind.INTERRUPTED));
    cause.hear(failure(ErrorKind.CLUSTER));
    StagecoachException said = found.poll(30, TimeUnit.SECONDS);
    assertThat(said).isNotNull();
    assertThat(said.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
    assertThat(found).isEmpty();
  }
}
