package io.stagecoach.spark.cluster;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.sync.StepDecision;
import java.io.Serializable;
import java.util.List;
import java.util.UUID;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/** Sends the driver the weights and updater state that an executor's stages have. */
final class SendTask implements PinnedRdd.Work {

  private static final long serialVersionUID = 1L;

  private final UUID run;
  private final int place;
  private final int stage;
  private final List<StepDecision> decision;

  /**
   * @param place the executor's index in the pipeline
   * @param stage its first stage
   * @param decision the last one, which the stages may not have followed yet, if there was one
   */
  SendTask(UUID run, int place, int stage, List<StepDecision> decision) {
    this.run = run;
    this.place = place;
    this.stage = stage;
    this.decision = List.copyOf(decision);
  }

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    try {
      byte[][] sent = ResidentStages.of(run, place).send(decision).toArray(byte[][]::new);
      return JavaConverters.asScalaIterator(
          List.of(new Tuple2<Integer, Object>(executor, sent)).iterator());
    } catch (StagecoachException e) {
      throw e.at(Where.stage(stage));
    }
  }
}
