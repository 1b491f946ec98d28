package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.cluster.ExecutorInfo;
import org.junit.jupiter.api.Test;
import scala.Tuple4;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.collection.immutable.Map$;

/** Who is silent for how long, by a clock of the test's. */
class ExecutorHeartbeatsTest {

  private static final Home FIRST = new Home("1", "here");
  private static final Home SECOND = new Home("2", "there");

  private final AtomicLong now = new AtomicLong();

  private ExecutorHeartbeats heartbeats(String interval) {
    SparkConf conf = new SparkConf(false).set("spark.executor.heartbeatInterval", interval);
    ExecutorHeartbeats heartbeats = new ExecutorHeartbeats(conf, now::get);
    assertThat(heartbeats.silent(List.of(FIRST, SECOND), Duration.ZERO)).isEmpty();
    return heartbeats;
  }

  private static void hear(ExecutorHeartbeats heartbeats, String executor) {
    heartbeats.onExecutorMetricsUpdate(
        new SparkListenerExecutorMetricsUpdate(
            executor,
            JavaConverters.asScalaBuffer(
                    List.<Tuple4<Object, Object, Object, Seq<AccumulableInfo>>>of())
                .toSeq(),
            Map$.MODULE$.empty()));
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void theOneThatSaysNothingIsNamed() {
    ExecutorHeartbeats heartbeats = heartbeats("1s");
    Duration patience = Duration.ofSeconds(5);
    pass(Duration.ofSeconds(4));
    hear(heartbeats, "1");
    pass(Duration.ofSeconds(2));
    assertThat(heartbeats.silent(List.of(FIRST, SECOND), patience))
        .hasValueSatisfying(
            lost -> {
              assertThat(lost.kind()).isEqualTo(ErrorKind.EXECUTOR_LOST);
              assertThat(lost.what()).contains("2 on there").contains("5.0 s");
              assertThat(lost.where().executor()).isEqualTo("2 on there");
            });
    assertThat(heartbeats.silent(List.of(FIRST), patience)).isEmpty();
  }

  @Test
  void threeOfSparksIntervalsAreWaitedForAtLeast() {
    ExecutorHeartbeats heartbeats = heartbeats("10s");
    pass(Duration.ofSeconds(30));
    assertThat(heartbeats.silent(List.of(FIRST), Duration.ofSeconds(5))).isEmpty();
    pass(Duration.ofNanos(1));
    assertThat(heartbeats.silent(List.of(FIRST), Duration.ofSeconds(5))).isPresent();
  }

  /** Ids are not used twice, but what was said of one that is gone is not kept. */
  @Test
  void whoComesIsWaitedForFromThenOn() {
    ExecutorHeartbeats heartbeats = heartbeats("1s");
    heartbeats.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "1", "lost"));
    pass(Duration.ofSeconds(6));
    heartbeats.onExecutorAdded(
        new SparkListenerExecutorAdded(
            0, "1", new ExecutorInfo("here", 1, Map$.MODULE$.<String, String>empty())));
    assertThat(heartbeats.silent(List.of(FIRST), Duration.ofSeconds(5))).isEmpty();
    pass(Duration.ofSeconds(6));
    assertThat(heartbeats.silent(List.of(FIRST), Duration.ofSeconds(5))).isPresent();
  }
}
