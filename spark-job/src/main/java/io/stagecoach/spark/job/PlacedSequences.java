package io.stagecoach.spark.job;

import io.stagecoach.model.text.SequenceModel;
import io.stagecoach.spark.cluster.StageAddress;
import java.util.List;

/** A model that goes on with texts on executors, which may be lost. */
interface PlacedSequences extends SequenceModel {

  /** Where each stage lives. */
  List<StageAddress> stages();

  /** Ends it in a hurry, after a failure: waits for no stage that does not answer. */
  void abandon();
}
