package io.stagecoach.scale;

/**
 * What a stage brings to the gradient barrier, and when; times in seconds from the step's begin.
 *
 * @param begins when its first pass begins: until then it needs no weights
 * @param lastPass how long its last backward pass takes
 * @param ends when that is done
 * @param layers how many layers it has, whose gradients are there one after the other while its
 *     last backward pass runs; each is thought to take as long as any other
 * @param bytes the size of its gradients, which is that of its weights
 */
record StageLoad(double begins, double lastPass, double ends, int layers, double bytes) {

  StageLoad {
    if (layers < 1 || lastPass < 0) {
      throw new IllegalArgumentException(layers + " layers, " + lastPass + " s");
    }
  }

  /** In how many messages the gradients go to the driver, where each has a least size. */
  int pieces(double leastBytes) {
    return (int) Math.max(1, Math.min(layers, bytes / leastBytes));
  }

  /** When one of so many pieces of the gradients is there. */
  double ready(int piece, int pieces) {
    return ends - lastPass * (pieces - 1 - piece) / pieces;
  }
}
