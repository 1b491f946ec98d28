package io.stagecoach.sync;

/** What is told of gradients as they come to the barrier, on the thread that waits there. */
public interface GradientArrivals {

  /** For whoever has nothing to do before all are there, and needs no gradients. */
  GradientArrivals NONE =
      new GradientArrivals() {
        @Override
        public void arrived(GradientPiece piece) {
          piece.close();
        }

        @Override
        public void arrived(StagePart part) {}
      };

  /** A piece of a stage's gradients has come; owned from here on. */
  void arrived(GradientPiece piece);

  /**
   * A stage is done with the step, and the pieces of its gradients have come before; its part is
   * lent until the step's end.
   */
  void arrived(StagePart part);
}
