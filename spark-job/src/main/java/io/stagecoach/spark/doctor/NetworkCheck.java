package io.stagecoach.spark.doctor;

import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.spark.cluster.HopProbe;
import io.stagecoach.spark.cluster.Recovery;
import io.stagecoach.spark.exchange.ExchangeKind;
import java.time.Duration;
import java.util.Locale;

/** What a hop between neighbouring executors takes, by the run's own exchange. */
final class NetworkCheck implements ApplicationCheck {

  private static final Duration BUDGET = Duration.ofSeconds(1);
  private static final long LARGEST = 8L << 20;

  /** A streamed hop takes a fraction of a millisecond within one data centre. */
  private static final double SLOW_MILLIS = 5;

  /** Half of what a network of 1 Gbit/s carries, in MB/s. */
  private static final double SLOW_RATE = 60;

  @Override
  public String name() {
    return "network";
  }

  @Override
  public String where() {
    return "between executors";
  }

  @Override
  public Finding look(Application application) {
    int executors = Math.min(application.executors().size(), application.conf().executors());
    if (executors < 2) {
      return new Finding.Ok("one executor: there are no hops");
    }
    // What is lost meanwhile is a finding, and not tried again.
    Recovery none = new Recovery(0, 0, application.conf().recoveryReplacement(), executors);
    return judge(
        HopProbe.measure(application.hopsOf().apply(executors), none, LARGEST, BUDGET),
        application.conf().exchange());
  }

  static Finding judge(HopTimes hops, ExchangeKind exchange) {
    double millis = hops.fixed() / 1e6;
    double rate = hops.perByte() > 0 ? 1e3 / hops.perByte() : Double.POSITIVE_INFINITY;
    String found =
        String.format(
            Locale.ROOT,
            "exchange %s: %.2f ms a hop, %s",
            exchange.word(),
            millis,
            Double.isInfinite(rate)
                ? "however large"
                : String.format(Locale.ROOT, "and %.0f MB/s", rate));
    boolean late = exchange == ExchangeKind.STREAMING && millis > SLOW_MILLIS;
    return late || rate < SLOW_RATE
        ? new Finding.Warn(
            found,
            "See whether the machines are busy; put the executors nearer to each other, or make hops"
                + " fewer and smaller: fewer stages, fewer and larger micro-batches,"
                + " spark.stagecoach.wireType=float16, schedule=eager-1f1b.")
        : new Finding.Ok(found);
  }
}
