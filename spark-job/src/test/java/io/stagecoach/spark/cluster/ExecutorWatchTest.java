package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExecutorWatchTest {

  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final FakeApplication application = new FakeApplication();
  private long seconds;
  private final ExecutorWatch watch =
      new ExecutorWatch(application, DEADLINE, () -> Duration.ofSeconds(seconds).toNanos());

  @AfterEach
  void close() {
    watch.close();
  }

  private void lookAt(long second) {
    seconds = second;
    watch.look();
  }

  @Test
  void endsTheJobsThatHaveBeenWithoutAnExecutorForTooLong() {
    application.jobs = true;
    application.executors = 0;
    lookAt(100);
    lookAt(109);
    assertThat(application.cancelled).isZero();
    assertThat(watch.verdict()).isEmpty();
    lookAt(110);
    lookAt(130);
    assertThat(application.cancelled).as("ended once").isEqualTo(1);
    assertThat(watch.verdict())
        .get()
        .satisfies(
            error -> {
              assertThat(error.kind()).isEqualTo(ErrorKind.CLUSTER);
              assertThat(error.what()).contains("All executors are gone", "within 10 s");
              assertThat(error.remedy()).contains("spark.stagecoach.deadline.launch");
            });
  }

  @Test
  void beginsAnewWhenAnExecutorHasBeenThere() {
    application.jobs = true;
    application.executors = 0;
    lookAt(100);
    application.executors = 1;
    lookAt(105);
    application.executors = 0;
    lookAt(106);
    lookAt(115);
    assertThat(watch.verdict()).isEmpty();
    lookAt(116);
    assertThat(watch.verdict()).isPresent();
  }

  @Test
  void anApplicationWithoutJobsNeedsNoExecutor() {
    application.executors = 0;
    lookAt(100);
    lookAt(1000);
    application.jobs = true;
    lookAt(1001);
    lookAt(1002);
    assertThat(watch.verdict()).isEmpty();
    assertThat(application.cancelled).isZero();
  }

  private static final class FakeApplication implements ExecutorWatch.Application {

    private int executors = 1;
    private boolean jobs;
    private int cancelled;

    @Override
    public int executors() {
      return executors;
    }

    @Override
    public boolean hasJobs() {
      return jobs;
    }

    @Override
    public void cancelJobs() {
      cancelled++;
    }
  }
}
