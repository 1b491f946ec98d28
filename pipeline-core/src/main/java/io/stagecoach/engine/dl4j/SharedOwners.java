package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.SharedParameter;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;

/** Finds the layers whose parameters others share. */
final class SharedOwners {

  private SharedOwners() {}

  /**
   * The index in the model of the layer that owns a shared parameter.
   *
   * @throws StagecoachException MODEL where no layer has that name
   */
  static int of(SharedParameter shared, List<? extends NeuralNetConfiguration> model) {
    for (int i = 0; i < model.size(); i++) {
      if (shared.layer().equals(model.get(i).getLayer().getLayerName())) {
        return i;
      }
    }
    throw missing(shared.layer() + "'s " + shared.parameter());
  }

  static StagecoachException missing(String owner) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "A layer shares " + owner + ", which the network does not have",
        "Name the layer that owns it, and give that layer this name.");
  }
}
