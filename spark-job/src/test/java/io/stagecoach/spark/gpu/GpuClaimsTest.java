package io.stagecoach.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuClaimsTest {

  private static final long GIB = 1L << 30;
  private static final Device T4 = new Device("Tesla T4", 7, 5, 12 * GIB, 16 * GIB);
  private static final Backend CPU = new Backend(true, List.of());
  private static final Backend CUDA = new Backend(false, List.of(T4));
  private static final ExecutorGpu THIRD = new ExecutorGpu.Taken("3");

  private static GpuSettings bySpark(boolean cpuFallback) {
    return new GpuSettings(1, 0, Optional.empty(), "/locks", cpuFallback);
  }

  private static GpuClaim claim(ExecutorGpu gpu, Backend backend, boolean cpuFallback) {
    return GpuClaims.of(bySpark(cpuFallback), gpu, List.of("3"), () -> backend);
  }

  private static StagecoachException refused(ExecutorGpu gpu, Backend backend) {
    StagecoachException e =
        assertThrows(StagecoachException.class, () -> claim(gpu, backend, false));
    assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER);
    return e;
  }

  @Test
  void whereNobodyAsksNd4jIsNotLoadedForIt() {
    GpuSettings none = new GpuSettings(0, 0, Optional.empty(), "/locks", false);
    GpuClaim claim =
        GpuClaims.of(
            none,
            new ExecutorGpu.NotLookedFor(),
            List.of(),
            () -> {
              throw new AssertionError("loaded");
            });
    assertThat(claim.words()).isEmpty();
    assertThat(claim.isFallback()).isFalse();
  }

  @Test
  void aGpuIsNamedWithItsMemory() {
    assertThat(claim(THIRD, CUDA, false).words())
        .isEqualTo("GPU 3 (Tesla T4, capability 7.5, 4.0 of 16.0 GiB used)");
    assertThat(claim(THIRD, CUDA, false).isFallback()).isFalse();
    assertThat(GpuClaims.of(bySpark(false), THIRD, List.of(), () -> CUDA).address())
        .as("an ordinary task, which asks for none")
        .isEqualTo("3");
  }

  @Test
  void theCpuTakesOverByTheSettingOnly() {
    StagecoachException e = refused(THIRD, CPU);
    assertThat(e.what()).contains("GPU 3", "CPU backend");
    assertThat(e.remedy()).contains("-Pcuda", "spark.stagecoach.gpu.cpuFallback=true");
    GpuClaim allowed = claim(THIRD, CPU, true);
    assertThat(allowed.isFallback()).isTrue();
    assertThat(allowed.address()).isEqualTo("3");
    assertThat(allowed.words())
        .isEqualTo("GPU 3, but on the CPU (ND4J has loaded its CPU backend)");

    ExecutorGpu none = new ExecutorGpu.None("others have it");
    assertThat(refused(none, CPU).what()).contains("no GPU: others have it");
    assertThat(claim(none, CPU, true).words()).isEqualTo("CPU (others have it)");
    assertThat(claim(none, CPU, true).address()).isEmpty();
  }

  @Test
  void whatCannotBeTrustedIsRefusedWhateverIsAllowed() {
    assertThat(
            assertThrows(
                    StagecoachException.class,
                    () -> claim(new ExecutorGpu.NotLookedFor(), CPU, true))
                .remedy())
        .contains("spark.plugins=io.stagecoach.spark.gpu.GpuPlugin");
    assertThat(
            assertThrows(
                StagecoachException.class,
                () -> claim(new ExecutorGpu.Failed("it broke", "mend it"), CPU, true)))
        .hasMessageContaining("it broke")
        .hasMessageContaining("mend it");
    assertThat(
            assertThrows(
                StagecoachException.class, () -> claim(new ExecutorGpu.Taken("4"), CUDA, true)))
        .hasMessageContaining("gave the stage's task GPU 3")
        .hasMessageContaining("started with GPU 4");
    assertThat(refused(THIRD, new Backend(false, List.of(T4, T4))).what())
        .contains("2 devices", "before that was chosen");
  }

  @ParameterizedTest
  @CsvSource({
    "3,5,false",
    "3,7,true",
    "5,2,true",
    "6,1,true",
    "7,0,true",
    "7,5,true",
    "8,0,true",
    "8,6,true",
    "8,9,true",
    "9,0,false",
    "10,0,false",
    "12,0,false"
  })
  void devicesThatNd4jHasNoCodeForAreRefused(int major, int minor, boolean isServed) {
    Backend backend = new Backend(false, List.of(new Device("Some", major, minor, 1, 2)));
    if (isServed) {
      assertThatCode(() -> claim(THIRD, backend, false)).doesNotThrowAnyException();
    } else {
      assertThat(refused(THIRD, backend).what())
          .contains("GPU 3, a Some of compute capability " + major + "." + minor);
    }
  }

  @Test
  void noTwoExecutorsOfAHostHaveTheSameGpu() {
    GpuClaim first = new GpuClaim("0", "", "why");
    GpuClaim second = new GpuClaim("1", "", "why");
    GpuClaim none = new GpuClaim("", "", "why");
    DistinctGpus.check(
        List.of(
            new DistinctGpus.Holder("1", "a", first),
            new DistinctGpus.Holder("2", "a", second),
            new DistinctGpus.Holder("3", "b", first),
            new DistinctGpus.Holder("4", "b", none),
            new DistinctGpus.Holder("5", "b", none),
            new DistinctGpus.Holder("6", "b", GpuClaim.unasked())));
    StagecoachException e =
        assertThrows(
            StagecoachException.class,
            () ->
                DistinctGpus.check(
                    List.of(
                        new DistinctGpus.Holder("1 on a", "a", first),
                        new DistinctGpus.Holder("2 on a", "a", first))));
    assertThat(e.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(e.what()).isEqualTo("Executors 1 on a and 2 on a have the same GPU 0");
  }

  /** The backend of the tests, by the way that any backend is asked. */
  @Test
  void theCpuBackendHasNoDevices() {
    assertThat(Backend.loaded()).isEqualTo(CPU);
  }
}
