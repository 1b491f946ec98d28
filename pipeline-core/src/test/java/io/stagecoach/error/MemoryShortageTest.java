package io.stagecoach.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.Serializable;
import java.util.stream.Stream;
import org.apache.arrow.memory.OutOfMemoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MemoryShortageTest {

  private static final Where PLACE = Where.stage(2).atStep(7);

  static Stream<Arguments> shortages() {
    OutOfMemoryError heap = new OutOfMemoryError("Java heap space");
    OutOfMemoryError javacpp = new OutOfMemoryError("Cannot allocate new BytePointer(9)");
    javacpp.initCause(new OutOfMemoryError("physicalBytes (9M) > maxPhysicalBytes (8M)"));
    return Stream.of(
        Arguments.of(heap, "Java heap space"),
        Arguments.of(javacpp, "physicalBytes (9M) > maxPhysicalBytes (8M)"),
        Arguments.of(new IllegalStateException("op failed", heap), "Java heap space"),
        Arguments.of(new OutOfMemoryException("Unable to allocate buffer"), "Unable to allocate"),
        Arguments.of(new RuntimeException("std::bad_alloc"), "std::bad_alloc"),
        Arguments.of(new OutOfMemoryError(), "OutOfMemoryError"));
  }

  @ParameterizedTest
  @MethodSource("shortages")
  void aShortageIsTypedHoweverItIsSaid(Throwable failure, String says) {
    StagecoachException typed = MemoryShortage.typed("F2.3", PLACE, failure).orElseThrow();
    assertThat(typed.kind()).isEqualTo(ErrorKind.RESOURCE);
    assertThat(typed.where()).isEqualTo(PLACE);
    assertThat(typed.what()).contains("F2.3").contains(says);
    assertThat(typed.remedy())
        .contains("memoryOverhead", "recompute=stage", "microBatches", "stages");
  }

  /** Spark ends an executor's process for one, before the driver is told. */
  @ParameterizedTest
  @MethodSource("shortages")
  void noErrorOfTheVirtualMachineIsLeftAmongTheCauses(Throwable failure) {
    StagecoachException typed = MemoryShortage.typed("F2.3", PLACE, failure).orElseThrow();
    StagecoachException placed = typed.at(Where.stage(2).onExecutor("4"));
    for (Throwable at = placed; at != null; at = at.getCause()) {
      assertThat(at).isNotInstanceOf(VirtualMachineError.class).isInstanceOf(Serializable.class);
    }
    assertThat(typed.getCause().getStackTrace()).isEqualTo(failure.getStackTrace());
    assertThat(typed).hasStackTraceContaining(failure.toString());
  }

  @Test
  void otherFailuresAreNoShortage() {
    assertThat(MemoryShortage.typed("F2.3", PLACE, new IllegalStateException("memory"))).isEmpty();
    StagecoachException known =
        new StagecoachException(
            ErrorKind.DATA, "a row is bad", PLACE, "", new OutOfMemoryError("no"));
    assertThat(MemoryShortage.typed("F2.3", PLACE, known)).isEmpty();
    assertThat(MemoryShortage.typed("F2.3", PLACE, new IllegalStateException(known))).isEmpty();
  }

  @Test
  void otherCausesAreKeptAsTheyAre() {
    Exception cause = new IllegalStateException("why");
    assertThat(new StagecoachException(ErrorKind.DATA, "what", PLACE, "", cause)).hasCause(cause);
  }
}
