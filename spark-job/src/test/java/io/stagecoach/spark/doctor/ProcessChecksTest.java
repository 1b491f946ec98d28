package io.stagecoach.spark.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.doctor.LocalDiskCheck.Folder;
import io.stagecoach.spark.doctor.ModuleOptionsCheck.Opened;
import io.stagecoach.spark.doctor.OffHeapLimitCheck.Limits;
import io.stagecoach.spark.gpu.GpuClaim;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;

/** What the checks of a process make of what they see, good and bad. */
class ProcessChecksTest {

  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  private static Here executor(SparkConf settings, int threads, long needed) {
    return new Here("1 on host", settings, threads, needed);
  }

  private static Here executor(String... settings) {
    SparkConf conf = new SparkConf(false);
    for (int i = 0; i < settings.length; i += 2) {
      conf.set(settings[i], settings[i + 1]);
    }
    return executor(conf, 0, 0);
  }

  private static Here driver() {
    return new Here(Here.DRIVER, new SparkConf(false), 0, 0);
  }

  private static void ok(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Ok.class);
    assertThat(finding.found()).contains(words);
  }

  private static void warn(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Warn.class);
    assertThat(finding.found() + " -> " + finding.remedy()).contains(words);
  }

  private static void error(Finding finding, String... words) {
    assertThat(finding).isInstanceOf(Finding.Trouble.class);
    assertThat(finding.found() + " -> " + finding.remedy()).contains(words);
  }

  @Test
  void javaIsSeventeen() {
    ok(JavaCheck.judge(Runtime.Version.parse("17.0.9+9"), "Debian"), "17.0.9+9, Debian");
    error(JavaCheck.judge(Runtime.Version.parse("21.0.1"), ""), "21.0.1", "JAVA_HOME");
  }

  @Test
  void packagesAreOpen() {
    List<Opened> wanted = ModuleOptionsCheck.opened(JavaModuleOptions.defaultModuleOptions());
    assertThat(wanted).contains(new Opened("java.base", "java.nio")).hasSizeGreaterThan(10);

    ok(ModuleOptionsCheck.judge(wanted, any -> true, "driver"), "all " + wanted.size());
    error(
        ModuleOptionsCheck.judge(wanted, p -> !p.name().equals("java.nio"), "driver"),
        "closed: java.base/java.nio",
        "spark.driver.extraJavaOptions",
        "--add-opens=java.base/java.nio=ALL-UNNAMED");
    warn(
        ModuleOptionsCheck.judge(wanted, p -> !p.name().equals("sun.util.calendar"), "executor"),
        "sun.util.calendar",
        "spark.executor.extraJavaOptions");
  }

  @Test
  void whatJavaSaysIsLookedUp() {
    // The tests' own Java is started with the first, and nobody opens the second.
    assertThat(new Opened("java.base", "java.nio").isOpen()).isTrue();
    assertThat(new Opened("java.base", "jdk.internal.misc").isOpen()).isFalse();
    assertThat(new Opened("no.such.module", "anything").isOpen()).isTrue();
  }

  /** Fails as well when the build takes other versions than the checks were written for. */
  @Test
  void theVersionsOfTheBuildAreTheRightOnes() throws Exception {
    ok(LibraryCheck.ARROW.look(driver()), "arrow-vector-");
    ok(LibraryCheck.NETTY.look(driver()), "netty-");
  }

  @Test
  void otherVersionsAndCopiesAreSaid() {
    JarVersion ours = new JarVersion("arrow-vector-12.0.1.jar", "12.0.1");
    JarVersion other = new JarVersion("arrow-memory-core-14.0.0.jar", "14.0.0");
    error(
        LibraryCheck.ARROW.judge(List.of(ours, other), 1),
        "12.0.1, 14.0.0 from arrow-vector-12.0.1.jar, arrow-memory-core-14.0.0.jar",
        "--packages");
    warn(LibraryCheck.ARROW.judge(List.of(other), 1), "14.0.0 from", "tested with 12.0.1");
    warn(LibraryCheck.ARROW.judge(List.of(ours), 2), "2 times");
  }

  @Test
  void aClassThatIsNowhereIsAFinding() {
    LibraryCheck absent = new LibraryCheck("Nothing", "1", List.of("no.such.Class"));
    error(Failing.asFinding(() -> absent.look(driver())), "no.such.Class");
  }

  @Test
  void whoIsToldToStopDoesNotLookOn() {
    StagecoachException stopped = new StagecoachException(ErrorKind.INTERRUPTED, "stopped", "");
    assertThatThrownBy(
            () ->
                Failing.asFinding(
                    () -> {
                      throw stopped;
                    }))
        .isSameAs(stopped);
    error(
        Failing.found(new StagecoachException(ErrorKind.CLUSTER, "lost", "Wait.")),
        "lost -> Wait.");
  }

  @Test
  void theBackendOfTheTestsMultiplies() {
    Finding found = new NativeBackendCheck().look(driver());
    assertThat(found.found()).matches("CpuBackend, [1-9.][0-9.]* GFLOP/s in float32 with \\d+ .*");
  }

  @Test
  void aSlowOrAbsentBackendIsSaid() {
    ok(NativeBackendCheck.judge("CpuBackend", 130, 1), "130.0 GFLOP/s", "1 thread");
    warn(NativeBackendCheck.judge("CpuBackend", 1.5, 8), "1.5 GFLOP/s", "8 threads", "busy");
    error(
        NativeBackendCheck.absent(
            new NoClassDefFoundError().initCause(new UnsatisfiedLinkError("libnd4jcpu.so"))),
        "libnd4jcpu.so",
        "glibc");
  }

  @Test
  void threadsAreTheCores() {
    Here four = executor("spark.executor.cores", "4");
    ok(ThreadsCheck.judge(four, Optional.of("4"), 4, 8), "spark.executor.cores 4");
    warn(
        ThreadsCheck.judge(four, Optional.of("8"), 8, 8),
        "more threads than cores",
        "spark.executorEnv.OMP_NUM_THREADS=4");
    warn(ThreadsCheck.judge(four, Optional.of("1"), 1, 8), "idle");
    // BLAS takes no more threads than there are processors, whatever it is told.
    warn(ThreadsCheck.judge(executor(), Optional.of("64"), 2, 2), "OMP_NUM_THREADS 64");
    ok(ThreadsCheck.judge(executor(new SparkConf(false), 2, 0), Optional.of("2"), 2, 8), "BLAS 2");
    ok(ThreadsCheck.judge(driver(), Optional.empty(), 2, 2), "not set");
    warn(ThreadsCheck.judge(driver(), Optional.of("16"), 2, 2), "before it starts");
  }

  @Test
  void aHeapHasRoomForACache() {
    ok(HeapCheck.judge(GIB, "executor"), "1.0 GiB");
    warn(HeapCheck.judge(256 * MIB, "executor"), "256.0 MiB", "spark.executor.memory");
  }

  @Test
  void limitsLeaveRoomForTheModel() {
    Here needsOne = executor(new SparkConf(false), 1, GIB);
    ok(OffHeapLimitCheck.judge(needsOne, new Limits(2 * GIB, 4 * GIB, true), GIB), "2.0 GiB");
    ok(OffHeapLimitCheck.judge(needsOne, new Limits(0, 0, true), GIB), "no limit");
    error(
        OffHeapLimitCheck.judge(needsOne, new Limits(GIB / 2, 4 * GIB, true), GIB),
        "512.0 MiB",
        "the stages need 1.0 GiB",
        "spark.executor.extraJavaOptions");
    error(
        OffHeapLimitCheck.judge(needsOne, new Limits(2 * GIB, GIB * 3 / 2, true), GIB),
        "beside the heap",
        "maxphysicalbytes");
    warn(
        OffHeapLimitCheck.judge(executor(), new Limits(GIB, 2 * GIB, false), GIB),
        "JavaCPP's defaults");
  }

  @Test
  void gpusAreThereIfAskedFor() {
    Optional<List<String>> one = Optional.of(List.of("Tesla T4, driver 535.1, 100 MiB free"));
    Supplier<GpuClaim> nobody =
        () -> {
          throw new AssertionError("nobody has asked");
        };
    ok(GpuCheck.judge(executor(), Optional.empty(), nobody, () -> true), "none, CPU");
    ok(GpuCheck.judge(executor(), one, nobody, () -> true), "Tesla T4", "not used");
    ok(GpuCheck.judge(driver(), one, nobody, () -> false), "Tesla T4, driver 535.1");
    Here asks = executor("spark.executor.resource.gpu.amount", "1");
    ok(
        GpuCheck.judge(asks, one, () -> new GpuClaim("3", "Tesla T4", ""), () -> false),
        "GPU 3 (Tesla T4)",
        "nvidia-smi: Tesla T4, driver 535.1");
    warn(
        GpuCheck.judge(asks, Optional.empty(), () -> new GpuClaim("3", "", "why"), () -> true),
        "GPU 3, but on the CPU (why)",
        "cpuFallback");
    error(
        GpuCheck.judge(
            executor("spark.stagecoach.gpu.find", "nvidia-smi"),
            Optional.empty(),
            () -> {
              throw new StagecoachException(ErrorKind.CLUSTER, "there is none", "get one");
            },
            () -> true),
        "there is none",
        "get one");
  }

  @Test
  void localFoldersHaveRoom() {
    String id = "-0f8fad5b-d9cb-469f-a165-70867728950e";
    Path sparks = Path.of("/disk/spark" + id + "/executor" + id + "/blockmgr" + id);
    assertThat(LocalDiskCheck.known(sparks)).isEqualTo(Path.of("/disk"));
    ok(LocalDiskCheck.judge(List.of(new Folder("/a", 20 * GIB, true))), "/a 20.0 GiB free");
    warn(
        LocalDiskCheck.judge(
            List.of(new Folder("/a", 20 * GIB, true), new Folder("/b", GIB, true))),
        "/b 1.0 GiB free",
        "spark.local.dir");
    error(LocalDiskCheck.judge(List.of(new Folder("/b", MIB, true))), "1.0 MiB free");
    error(LocalDiskCheck.judge(List.of(new Folder("/b", GIB, false))), "cannot be written");
  }
}
