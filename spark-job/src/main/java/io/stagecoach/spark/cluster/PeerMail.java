package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;

/**
 * What other executors sent this one's stages and they have not taken yet. The transport's threads
 * bring it, the task's thread takes it; a message that comes twice is there once.
 */
final class PeerMail implements AutoCloseable {

  /** How often a wait looks after who else may have ended it. */
  private static final long LOOK_MILLIS = 500;

  private final Map<Message.BetweenStages, Tensors> mail = new HashMap<>();
  private boolean closed;

  /** Brings a message; its tensors are owned by this. */
  synchronized void put(Message.BetweenStages message, Tensors tensors) {
    if (closed) {
      tensors.close();
      return;
    }
    Tensors before = mail.put(message, tensors);
    if (before != null) {
      before.close();
    }
    notifyAll();
  }

  /**
   * Waits for a message.
   *
   * @param message the one that is to come
   * @param check throws where there is no use in waiting any longer
   * @return its tensors, for the caller to close
   */
  synchronized Tensors take(Message.BetweenStages message, Duration deadline, Runnable check) {
    long end = System.nanoTime() + deadline.toNanos();
    try {
      while (!mail.containsKey(message)) {
        check.run();
        long left = (end - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          throw new StagecoachException(
              ErrorKind.DEADLINE,
              "No " + message.words() + " came within " + deadline.toSeconds() + " s",
              Where.nowhere().atStep(message.update()),
              "Look at that executor's log and thread dump.",
              null);
        }
        wait(Math.min(left, LOOK_MILLIS));
      }
      return mail.remove(message);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The step was cancelled", Where.nowhere(), "", e);
    }
  }

  /** Takes a message, if it is there: its tensors, for the caller to close. */
  synchronized Optional<Tensors> poll(Message.BetweenStages message) {
    return Optional.ofNullable(mail.remove(message));
  }

  /** Takes the gradients of a stage's slice of the last try of a step, if they are there. */
  synchronized Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int stage, long step) {
    return mail.keySet().stream()
        .filter(Message.MirrorGradients.class::isInstance)
        .map(Message.MirrorGradients.class::cast)
        .filter(message -> message.stage() == stage && message.step() == step)
        .max(Comparator.comparingInt(Message.MirrorGradients::attempt))
        .map(message -> Map.entry(message, mail.remove(message)));
  }

  /** Drops what belongs to steps, and to tries of this step, before one. */
  synchronized void dropBefore(long update, int attempt) {
    Iterator<Map.Entry<Message.BetweenStages, Tensors>> all = mail.entrySet().iterator();
    while (all.hasNext()) {
      Map.Entry<Message.BetweenStages, Tensors> one = all.next();
      if (one.getKey().isBefore(update, attempt)) {
        one.getValue().close();
        all.remove();
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    mail.values().forEach(Tensors::close);
    mail.clear();
  }
}
