package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.spark.exchange.Control;
import io.stagecoach.spark.exchange.Peer;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PulsesTest {

  private static final Duration DEADLINE = Duration.ofMillis(400);

  private record Silent(Peer peer, String words) {}

  private final BlockingQueue<Silent> silent = new LinkedBlockingQueue<>();

  private static Peer peer(String name) {
    return new Peer() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public String address() {
        return "nowhere";
      }

      @Override
      public void send(Control message) {
        throw new UnsupportedOperationException();
      }

      @Override
      public boolean isOpen() {
        return true;
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void whoFallsSilentIsNamedOnceWithWhatItWasAt() throws InterruptedException {
    Peer talks = peer("talks");
    Peer hangs = peer("hangs");
    try (Pulses pulses = new Pulses(DEADLINE)) {
      pulses.heard(talks);
      pulses.heard(hangs, new Message.Alive("B1.2 of step 7", 1500, true));
      pulses.watch((peer, words) -> silent.add(new Silent(peer, words)));
      long end = System.nanoTime() + 4 * DEADLINE.toNanos();
      while (System.nanoTime() < end) {
        pulses.heard(talks, new Message.Alive("", 0, false));
        Thread.sleep(20);
      }
      assertThat(pulses.of(talks)).contains(new Message.Alive("", 0, false));
    }
    assertThat(silent).hasSize(1);
    assertThat(silent.remove())
        .isEqualTo(
            new Silent(
                hangs,
                "has given no sign of life for 0.4 s; it was last at B1.2 of step 7 for 1.5 s"));
  }

  @Test
  void anyMessageIsASignOfLifeAndWhatItWasAtIsKept() throws InterruptedException {
    Peer peer = peer("one");
    try (Pulses pulses = new Pulses(DEADLINE)) {
      Message.Alive alive = new Message.Alive("F0.0 of step 1", 10, true);
      pulses.heard(peer, alive);
      pulses.heard(peer);
      assertThat(pulses.of(peer)).contains(alive);
      pulses.watch((who, words) -> silent.add(new Silent(who, words)));
      assertThat(silent.poll(10, TimeUnit.SECONDS)).isNotNull();
    }
  }
}
