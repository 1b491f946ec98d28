package io.stagecoach.checkpoint;

/**
 * Where in its data a run is, between two mini-batches.
 *
 * @param step steps that the run has done
 * @param epoch epochs of the run that it has gone through whole, what follows their last step
 *     included
 * @param stepInEpoch mini-batches done of the epoch that comes next; all of them where the epoch's
 *     validation is still to come
 * @param segment segments done of the next mini-batch's sequences: always 0 so far, for recurrent
 *     states are not kept
 */
public record Position(long step, int epoch, long stepInEpoch, int segment) {

  /** Before the first step. */
  public static final Position START = new Position(0, 0, 0, 0);

  public Position {
    if (step < 0 || epoch < 0 || stepInEpoch < 0 || segment != 0) {
      throw new IllegalArgumentException(
          "not between mini-batches: step "
              + step
              + ", epoch "
              + epoch
              + ", step in epoch "
              + stepInEpoch
              + ", segment "
              + segment);
    }
  }
}
