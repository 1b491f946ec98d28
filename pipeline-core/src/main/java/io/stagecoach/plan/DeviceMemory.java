package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.LongFunction;
import java.util.stream.LongStream;

/**
 * What somebody lets devices hold: the same for all, and for those of certain hosts or kinds
 * something else. A host's counts before that of a kind.
 *
 * @param others what a device may hold of whom nothing else is said, in bytes; {@link
 *     DeviceLimits#UNLIMITED} where that is no limit, {@link #OWN} where it is what it has room for
 * @param named in bytes, likewise; hosts in lower case
 */
public record DeviceMemory(long others, Map<StagePin.Target, Long> named) {

  /** In the place of an amount: what the device itself has room for. */
  public static final long OWN = 0;

  /** No device has a limit. */
  public static final DeviceMemory NONE = new DeviceMemory(DeviceLimits.UNLIMITED, Map.of());

  public DeviceMemory {
    named = Collections.unmodifiableMap(new LinkedHashMap<>(named));
    if (others < 0 || named.values().stream().anyMatch(bytes -> bytes < 0)) {
      throw new IllegalArgumentException("a negative limit");
    }
  }

  /** Whether no device has a limit. */
  public boolean isNone() {
    return others == DeviceLimits.UNLIMITED
        && named.values().stream().allMatch(bytes -> bytes == DeviceLimits.UNLIMITED);
  }

  /** Whether it is known to be the same for all devices. */
  public boolean isAlike() {
    return others != OWN && named.values().stream().allMatch(bytes -> bytes == others);
  }

  /** Whether it depends on what devices themselves have room for. */
  public boolean dependsOnRoom() {
    return others == OWN || named.containsValue(OWN);
  }

  /**
   * What a device may hold.
   *
   * @param host its host
   * @param kinds what it may be; where nobody knows yet, the least counts
   * @param room what it has room for; empty where nobody knows yet, and it may hold anything
   */
  public long of(String host, Set<DeviceKind> kinds, OptionalLong room) {
    Long ofHost = named.get(StagePin.Host.inLowerCase(host));
    LongStream amounts =
        ofHost != null ? LongStream.of(ofHost) : kinds.stream().mapToLong(this::ofKind);
    return amounts
        .map(amount -> amount == OWN ? room.orElse(DeviceLimits.UNLIMITED) : amount)
        .min()
        .orElseThrow();
  }

  private long ofKind(DeviceKind kind) {
    return named.getOrDefault(new StagePin.Kind(kind), others);
  }

  /**
   * The most that a device may hold on which a stage can be; what devices have room for is not
   * known.
   *
   * @param pinned on what it is wanted
   */
  public long atBest(Optional<StagePin.Target> pinned) {
    if (pinned.isPresent() && pinned.get() instanceof StagePin.Host host) {
      Long ofHost = named.get(StagePin.Host.inLowerCase(host.name()));
      return ofHost != null ? atBest(ofHost) : mostOf(StagePin.Kind.class, others);
    } else if (pinned.isPresent() && pinned.get() instanceof StagePin.Kind kind) {
      return mostOf(StagePin.Host.class, ofKind(kind.device()));
    }
    return mostOf(StagePin.Target.class, others);
  }

  private static long atBest(long amount) {
    return amount == OWN ? DeviceLimits.UNLIMITED : amount;
  }

  private long mostOf(Class<? extends StagePin.Target> targets, long atLeast) {
    return LongStream.concat(
            LongStream.of(atLeast),
            named.entrySet().stream()
                .filter(entry -> targets.isInstance(entry.getKey()))
                .mapToLong(Map.Entry::getValue))
        .map(DeviceMemory::atBest)
        .max()
        .orElseThrow();
  }

  /**
   * As a person writes it.
   *
   * @param size writes an amount
   */
  public String words(LongFunction<String> size) {
    List<String> words = new ArrayList<>();
    if (others != DeviceLimits.UNLIMITED || named.isEmpty()) {
      words.add(size.apply(others));
    }
    named.forEach((target, bytes) -> words.add(target.words() + ":" + size.apply(bytes)));
    return String.join(",", words);
  }
}
