package io.stagecoach.spark.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import org.junit.jupiter.api.Test;

class BackendFailureTest {

  /** As seen with a CUDA backend that had found libraries, and then no device. */
  private static ExceptionInInitializerError ofNd4j() {
    ExceptionInInitializerError first =
        new ExceptionInInitializerError(
            new RuntimeException(
                new ExceptionInInitializerError(
                    new RuntimeException("No CUDA devices were found in system"))));
    first.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement("org.nd4j.linalg.factory.Nd4j", "<clinit>", "Nd4j.java", 287)
        });
    return first;
  }

  @Test
  void aBackendThatDoesNotStartIsSaidInASentence() {
    StagecoachException typed = BackendFailure.typed(ofNd4j()).orElseThrow();
    assertThat(typed.kind()).isEqualTo(ErrorKind.CLUSTER);
    assertThat(typed.what()).isEqualTo("ND4J did not start: No CUDA devices were found in system");
    assertThat(typed.remedy()).contains("glibc", "-Pcuda", "LD_LIBRARY_PATH");

    NoClassDefFoundError later =
        new NoClassDefFoundError("Could not initialize class org.nd4j.linalg.factory.Nd4j");
    assertThat(BackendFailure.typed(new IllegalStateException(later))).isPresent();
  }

  @Test
  void otherFailuresAreLeftAlone() {
    assertThat(BackendFailure.typed(new NoClassDefFoundError("some/users/Loss"))).isEmpty();
    assertThat(BackendFailure.typed(new IllegalStateException("no"))).isEmpty();
    StagecoachException typed =
        new StagecoachException(
            ErrorKind.DATA, "no rows", Where.nowhere(), "Bring some.", ofNd4j());
    assertThat(BackendFailure.typed(typed)).isEmpty();
  }
}
