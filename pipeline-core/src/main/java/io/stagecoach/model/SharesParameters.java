package io.stagecoach.model;

import java.util.Map;
import org.deeplearning4j.nn.conf.layers.Layer;

/**
 * A DL4J layer configuration some of whose parameters are another layer's (tied weights). In a
 * network it has no weights of its own for them: it reads the owner's, and its gradient is added to
 * the owner's. In a stage, which may not have the owner, it has copies, whose gradient is a use of
 * the shared parameter that the synchronizer adds up.
 */
public interface SharesParameters {

  /** The shared parameters, by this layer's own names for them. */
  Map<String, SharedParameter> sharedParameters();

  /**
   * This layer with weights of its own in their place, for stages: first in its flat vector, in the
   * order of their names, under the same names and in the owner's shape and order.
   */
  Layer withOwnCopies();

  /**
   * A layer of this one's own parameters, the shared ones left out, for networks that may not have
   * the owner, and that never run forward: they only update what is their own.
   */
  Layer withoutShared();
}
