package io.stagecoach.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Who may hold how much. */
class DeviceMemoryTest {

  private static final long NO_LIMIT = DeviceLimits.UNLIMITED;
  private static final StagePin.Target GPU = new StagePin.Kind(DeviceKind.GPU);
  private static final StagePin.Target HOST_A = new StagePin.Host("host-a");
  private static final Set<DeviceKind> CPU_ONLY = EnumSet.of(DeviceKind.CPU);
  private static final Set<DeviceKind> GPU_ONLY = EnumSet.of(DeviceKind.GPU);
  private static final Set<DeviceKind> NOT_KNOWN = EnumSet.allOf(DeviceKind.class);

  private static final OptionalLong NO_ROOM = OptionalLong.empty();

  private static DeviceMemory memory(long others, long gpu, long hostA) {
    Map<StagePin.Target, Long> named = new LinkedHashMap<>();
    named.put(GPU, gpu);
    named.put(HOST_A, hostA);
    return new DeviceMemory(others, named);
  }

  @Test
  void aHostCountsBeforeAKindAndAKindBeforeTheRest() {
    DeviceMemory memory = memory(8, 40, 4);
    assertThat(memory.of("host-b", CPU_ONLY, NO_ROOM)).isEqualTo(8);
    assertThat(memory.of("host-b", GPU_ONLY, NO_ROOM)).isEqualTo(40);
    assertThat(memory.of("Host-A", GPU_ONLY, NO_ROOM)).isEqualTo(4);
    assertThat(memory.of("host-b", NOT_KNOWN, NO_ROOM))
        .as("the least of what it may be")
        .isEqualTo(8);
    assertThat(memory(8, 2, 4).of("host-b", NOT_KNOWN, NO_ROOM)).isEqualTo(2);
  }

  @Test
  void aStageThatMayBeAnywhereIsPlannedForTheMost() {
    DeviceMemory memory = memory(8, 40, 4);
    assertThat(memory.atBest(Optional.empty())).isEqualTo(40);
    assertThat(memory.atBest(Optional.of(GPU))).isEqualTo(40);
    assertThat(memory.atBest(Optional.of(new StagePin.Kind(DeviceKind.CPU)))).isEqualTo(8);
    assertThat(memory.atBest(Optional.of(new StagePin.Host("HOST-A")))).isEqualTo(4);
    assertThat(memory.atBest(Optional.of(new StagePin.Host("host-b")))).isEqualTo(40);
    assertThat(memory(8, 2, 64).atBest(Optional.of(GPU)))
        .as("the GPU may be that of host-a")
        .isEqualTo(64);
    assertThat(memory(NO_LIMIT, 40, 4).atBest(Optional.empty())).isEqualTo(NO_LIMIT);
  }

  @Test
  void aDevicesOwnRoomCountsOnceItIsKnown() {
    DeviceMemory memory = memory(DeviceMemory.OWN, 40, 4);
    assertThat(memory.dependsOnRoom()).isTrue();
    assertThat(memory.isAlike()).isFalse();
    assertThat(memory.of("host-b", CPU_ONLY, OptionalLong.of(6))).isEqualTo(6);
    assertThat(memory.of("host-b", CPU_ONLY, NO_ROOM)).isEqualTo(NO_LIMIT);
    assertThat(memory.of("host-b", NOT_KNOWN, OptionalLong.of(60))).isEqualTo(40);
    assertThat(memory.of("host-a", CPU_ONLY, OptionalLong.of(6))).isEqualTo(4);
    assertThat(memory.atBest(Optional.empty())).isEqualTo(NO_LIMIT);
    assertThat(memory(8, DeviceMemory.OWN, 4).atBest(Optional.of(GPU))).isEqualTo(NO_LIMIT);
    assertThat(memory(8, 8, DeviceMemory.OWN).atBest(Optional.of(HOST_A))).isEqualTo(NO_LIMIT);
    assertThat(memory(8, 40, 4).dependsOnRoom()).isFalse();
    assertThat(memory(8, 8, DeviceMemory.OWN).isAlike()).isFalse();
  }

  @Test
  void itIsSaidAsItIsWritten() {
    assertThat(memory(8, 40, 4).words(String::valueOf)).isEqualTo("8,gpu:40,host-a:4");
    assertThat(memory(NO_LIMIT, 40, 4).words(String::valueOf)).isEqualTo("gpu:40,host-a:4");
    assertThat(DeviceMemory.NONE.words(bytes -> "none")).isEqualTo("none");
  }

  @Test
  void whetherItDiffersIsKnown() {
    assertThat(memory(8, 40, 4).isAlike()).isFalse();
    assertThat(memory(8, 8, 8).isAlike()).isTrue();
    assertThat(DeviceMemory.NONE.isAlike()).isTrue();
    assertThat(DeviceMemory.NONE.isNone()).isTrue();
    assertThat(memory(NO_LIMIT, NO_LIMIT, 4).isNone()).isFalse();
  }
}
