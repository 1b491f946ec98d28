package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.exchange.Peer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Where executors meet the driver: who is there, who hosts which stage, who is ready. */
final class Rendezvous {

  /** An executor that can host a stage. */
  record Member(Peer peer, Message.Register address) {

    Home home() {
      return new Home(address.executor(), address.host());
    }
  }

  /** How often those that do not come are looked after. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private final Map<String, Member> members = new LinkedHashMap<>();
  private final Map<Integer, Member> stages = new LinkedHashMap<>();
  private final BitSet ready = new BitSet();
  private StagecoachException failure;

  /** An executor is there. A second task of the same executor never gets here. */
  synchronized void join(Peer peer, Message.Register address) {
    members.put(address.executor(), new Member(peer, address));
    notifyAll();
  }

  /** A member hosts a stage from now on. */
  synchronized void assign(Member member, int stage) {
    stages.put(stage, member);
  }

  /** A stage is built. */
  synchronized void ready(int stage) {
    ready.set(stage);
    notifyAll();
  }

  /** Ends every wait. */
  synchronized void fail(StagecoachException cause) {
    failure = cause;
    notifyAll();
  }

  /** Everyone who came. */
  synchronized List<Member> members() {
    return List.copyOf(members.values());
  }

  /** Who hosts a stage. */
  synchronized Peer peer(int stage) {
    return stages.get(stage).peer();
  }

  /** The stage that a peer hosts, if it does. */
  synchronized OptionalInt stageOf(Peer peer) {
    return stages.entrySet().stream()
        .filter(entry -> entry.getValue().peer() == peer)
        .mapToInt(Map.Entry::getKey)
        .findFirst();
  }

  /**
   * Waits until at least so many executors are there, and they will do.
   *
   * @param suffice whether these executors, so many or more, will do
   * @param watch says, while nobody comes, what keeps one from it
   */
  List<Member> awaitMembers(
      int count,
      Predicate<List<Member>> suffice,
      Duration deadline,
      Supplier<Optional<StagecoachException>> watch) {
    await(
        () -> {
          watch.get().ifPresent(this::fail);
          return members.size() >= count && suffice.test(List.copyOf(members.values()));
        },
        deadline,
        () ->
            members.size()
                + " of "
                + count
                + " executors got in touch with the driver"
                + (members.isEmpty() ? "" : " (" + names() + ")"),
        List::of);
    return members();
  }

  private String names() {
    return members.values().stream()
        .map(member -> member.home().words())
        .collect(Collectors.joining(", "));
  }

  /** Waits until all stages are built. */
  void awaitReady(List<StageAddress> all, Duration deadline) {
    await(
        () -> ready.cardinality() == all.size(),
        deadline,
        () -> {
          List<String> missing = new ArrayList<>();
          for (StageAddress stage : all) {
            if (!ready.get(stage.stage())) {
              missing.add("stage " + stage.stage() + " (executor " + stage.executorAndHost() + ")");
            }
          }
          return "Not ready: " + String.join(", ", missing);
        },
        () ->
            all.stream()
                .filter(stage -> !ready.get(stage.stage()))
                .map(StageAddress::executorAndHost)
                .distinct()
                .toList());
  }

  /**
   * @param progress how far it has come
   * @param late which executors are waited for; one alone is to blame
   */
  private synchronized void await(
      BooleanSupplier done,
      Duration deadline,
      Supplier<String> progress,
      Supplier<List<String>> late) {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (!done.getAsBoolean()) {
        if (failure != null) {
          throw failure;
        }
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          List<String> blamed = late.get();
          throw new StagecoachException(
              ErrorKind.DEADLINE,
              progress.get() + " within " + deadline.toSeconds() + " s",
              blamed.size() == 1 ? Where.nowhere().onExecutor(blamed.get(0)) : Where.nowhere(),
              "Look at the executors' logs; a firewall between executors and driver, or executors busy"
                  + " with other jobs, are common causes. The wait is"
                  + " spark.stagecoach.deadline.contact.",
              null);
        }
        wait(Math.min(left, LOOK.toMillis()));
      }
      if (failure != null) {
        throw failure;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The run was interrupted", Where.nowhere(), "", e);
    }
  }
}
