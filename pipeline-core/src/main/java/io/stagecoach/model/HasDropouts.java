package io.stagecoach.model;

import java.util.List;
import org.deeplearning4j.nn.conf.dropout.IDropout;

/**
 * A DL4J layer configuration with dropouts of its own, beside the one of its input that every DL4J
 * layer may have. The engine puts keys before them, so that masks do not depend on the cut.
 */
public interface HasDropouts {

  /** The dropouts in a fixed order; null where there is none. */
  List<IDropout> dropouts();

  /** Puts others in their places: as many, and null where it was null. */
  void setDropouts(List<IDropout> dropouts);
}
