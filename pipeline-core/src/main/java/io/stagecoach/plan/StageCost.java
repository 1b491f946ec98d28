package io.stagecoach.plan;

import java.io.Serializable;

/**
 * What a run of layers costs together, for one micro-batch.
 *
 * @param parameters how many numbers its own weights and statistics are
 * @param parameterBytes the bytes of these, and of its copies of shared ones
 * @param ownBytes the bytes of its own alone
 * @param updaterBytes what an updater keeps of its own
 * @param inputBytes what comes from the stage before, or the features
 * @param outputBytes what its last layer gives
 * @param stashBytes what its layers keep from forward to backward, the stage's input not included
 * @param workingBytes the most that any of its layers needs while it computes
 * @param forwardOperations floating-point operations of a forward pass
 * @param backwardOperations floating-point operations of a backward pass
 */
public record StageCost(
    long parameters,
    long parameterBytes,
    long ownBytes,
    long updaterBytes,
    long inputBytes,
    long outputBytes,
    long stashBytes,
    long workingBytes,
    long forwardOperations,
    long backwardOperations)
    implements Serializable {

  /** Forward and backward operations together. */
  public long operations() {
    return forwardOperations + backwardOperations;
  }

  /** These layers and the ones that follow them. */
  StageCost before(StageCost next) {
    return new StageCost(
        parameters + next.parameters,
        parameterBytes + next.parameterBytes,
        ownBytes + next.ownBytes,
        updaterBytes + next.updaterBytes,
        inputBytes,
        next.outputBytes,
        stashBytes + next.stashBytes,
        Math.max(workingBytes, next.workingBytes),
        forwardOperations + next.forwardOperations,
        backwardOperations + next.backwardOperations);
  }
}
