package io.stagecoach.spark.job;

import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Narrowing;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says when float16 on the wire first loses more than bits: once for each way. */
final class NarrowingLog {

  private static final Logger LOG = LoggerFactory.getLogger(NarrowingLog.class);

  private boolean overflowSaid;
  private boolean underflowSaid;

  /** Takes what the stages did in a step. */
  void stepEnded(long step, List<StagePart> parts) {
    for (StagePart part : parts) {
      StageStep stage = part.report();
      Narrowing narrowing = stage.traffic().narrowing();
      if (narrowing.overflowed() > 0 && !overflowSaid) {
        overflowSaid = true;
        LOG.warn(
            "float16 on the wire: of {} values that stage {} sent in step {}, {} were not finite and"
                + " {} too large for it. The report counts those of all steps.",
            narrowing.values(),
            stage.stage(),
            step + 1,
            narrowing.nonFinite(),
            narrowing.clamped());
      }
      if (narrowing.underflowed() > 0 && !underflowSaid) {
        underflowSaid = true;
        LOG.info(
            "float16 on the wire: of {} values that stage {} sent in step {}, {} became zero, being"
                + " less than a 10^12th of their tensor's largest. The report counts those of all"
                + " steps.",
            narrowing.values(),
            stage.stage(),
            step + 1,
            narrowing.underflowed());
      }
    }
  }
}
