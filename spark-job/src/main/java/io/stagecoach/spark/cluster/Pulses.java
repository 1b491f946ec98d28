package io.stagecoach.spark.cluster;

import io.stagecoach.spark.exchange.Peer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * When each executor was last heard of, and what it was at. An executor says so several times
 * within the deadline, from a thread that does nothing else: one that is not heard of hangs as a
 * whole, or is out of reach.
 */
final class Pulses implements AutoCloseable {

  /** How many signs of life there are within a deadline. */
  static final int PER_DEADLINE = 4;

  /** Hears of executors that have fallen silent. */
  interface Silence {

    /**
     * An executor is silent.
     *
     * @param words what there is to say of it, behind its name
     */
    void silent(Peer peer, String words);
  }

  private record Pulse(long nanos, Optional<Message.Alive> alive) {}

  private final Duration deadline;
  private final Map<Peer, Pulse> pulses = new ConcurrentHashMap<>();
  private Repeating looks;

  Pulses(Duration deadline) {
    this.deadline = deadline;
  }

  /** How often an executor gives a sign of life, in milliseconds. */
  static long intervalMillis(Duration deadline) {
    return Math.max(1, deadline.toMillis() / PER_DEADLINE);
  }

  /** Tells of each executor that is silent for longer than the deadline, from here on. */
  void watch(Silence listener) {
    looks = new Repeating("stagecoach-heartbeats", intervalMillis(deadline), () -> look(listener));
  }

  private void look(Silence listener) {
    long now = System.nanoTime();
    pulses.forEach(
        (peer, pulse) -> {
          if (now - pulse.nanos() > deadline.toNanos() && pulses.remove(peer, pulse)) {
            listener.silent(
                peer,
                "has given no sign of life for "
                    + deadline.toMillis() / 1e3
                    + " s; it was last at "
                    + pulse.alive().map(Pulses::words).orElse("nothing that is known"));
          }
        });
  }

  /** An executor has said something. */
  void heard(Peer peer) {
    Pulse before = pulses.get(peer);
    pulses.put(
        peer, new Pulse(System.nanoTime(), before == null ? Optional.empty() : before.alive()));
  }

  /** An executor has said what it is at. */
  void heard(Peer peer, Message.Alive alive) {
    pulses.put(peer, new Pulse(System.nanoTime(), Optional.of(alive)));
  }

  /** What an executor said last. */
  Optional<Message.Alive> of(Peer peer) {
    return Optional.ofNullable(pulses.get(peer)).flatMap(Pulse::alive);
  }

  /** What an executor is at, as a person reads it. */
  static String words(Message.Alive alive) {
    return alive.doing().isEmpty()
        ? "no action"
        : alive.doing() + " for " + alive.millis() / 1e3 + " s";
  }

  @Override
  public void close() {
    if (looks != null) {
      looks.close();
    }
  }
}
