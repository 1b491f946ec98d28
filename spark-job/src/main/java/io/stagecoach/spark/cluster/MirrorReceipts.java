package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the driver waits until the gradients of every slice are with its mirror, so that a decision
 * survives the loss of any one executor.
 */
final class MirrorReceipts {

  private Set<Integer> missing = new TreeSet<>();
  private long step = -1;
  private int attempt = -1;
  private StagecoachException failure;

  /** Begins a wait for those of a try of a step. */
  synchronized void open(long newStep, int newAttempt, Set<Integer> stages) {
    step = newStep;
    attempt = newAttempt;
    missing = new TreeSet<>(stages);
  }

  /** The gradients of a stage are with its mirror. */
  synchronized void arrive(Message.Mirrored mirrored) {
    if (mirrored.step() == step && mirrored.attempt() == attempt) {
      missing.remove(mirrored.stage());
      notifyAll();
    }
  }

  /** Ends this wait and all later ones; only the first cause counts. */
  synchronized void fail(StagecoachException cause) {
    if (failure == null) {
      failure = cause;
      notifyAll();
    }
  }

  /** Waits for all. */
  synchronized void await(Duration deadline) {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (!missing.isEmpty()) {
        if (failure != null) {
          throw failure;
        }
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw new StagecoachException(
              ErrorKind.DEADLINE,
              "The gradients of stages "
                  + missing
                  + " did not come to the executors that mirror them within "
                  + deadline.toSeconds()
                  + " s",
              Where.nowhere().atStep(step),
              "Look at the executors' logs.",
              null);
        }
        wait(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED,
          "The run was interrupted at the gradient barrier",
          Where.nowhere().atStep(step),
          "",
          e);
    }
  }
}
