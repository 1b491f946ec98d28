package io.stagecoach.spark.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ApplicationFailureTest {

  @Test
  void whatYarnPrintsIsTheFirstCauseAndNoStack() {
    StagecoachException cause =
        new StagecoachException(
            ErrorKind.DATA,
            "there is no column sort",
            Where.stage(1),
            "Correct it.",
            new IllegalStateException("inside"));
    StringWriter text = new StringWriter();
    new ApplicationFailure(cause).printStackTrace(new PrintWriter(text, true));
    assertThat(text.toString().strip())
        .isEqualTo(
            "io.stagecoach.spark.job.ApplicationFailure:"
                + " data, exit code 21: there is no column sort (stage 1). Correct it.");
  }
}
