package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.exchange.ShuffledLetter;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;

/**
 * What stages that keep their weights say to those of other executors, where Spark's shuffle
 * carries it: what a tick sends is collected until the tick is over, and what is waited for must
 * have come with a tick before.
 */
final class ShuffledMail implements StagePeers, HostedSlices.Inbox, AutoCloseable {

  private final Set<Integer> here;
  private final TensorCodec codec;
  private final PeerMail inbox = new PeerMail();
  private final List<ShuffledLetter.Outgoing> outbox = new ArrayList<>();

  /**
   * @param here the stages that live on this executor
   * @param memory what the codec's memory counts against
   * @param limit the longest message, in bytes
   */
  ShuffledMail(Set<Integer> here, BufferAllocator memory, long limit) {
    this.here = Set.copyOf(here);
    this.codec = new TensorCodec(memory, "gradients and weights by shuffle", limit);
  }

  @Override
  public boolean isHere(int stage) {
    return here.contains(stage);
  }

  @Override
  public void send(int stage, Message.BetweenStages message, Tensors tensors) {
    outbox.add(
        new ShuffledLetter.Outgoing(
            stage,
            new String(MessageJson.write(message), StandardCharsets.UTF_8),
            codec.encode(new TensorMessage(0, tensors))));
  }

  /** What was sent since this was last asked; the caller owns it. */
  List<ShuffledLetter.Outgoing> takeOutgoing() {
    List<ShuffledLetter.Outgoing> taken = List.copyOf(outbox);
    outbox.clear();
    return taken;
  }

  /** A letter has come; this owns it now. */
  void arrived(ShuffledLetter.Incoming letter) {
    Message message;
    try {
      message = MessageJson.read(letter.text().getBytes(StandardCharsets.UTF_8));
    } catch (StagecoachException e) {
      letter.close();
      throw e;
    }
    if (!(message instanceof Message.BetweenStages between) || letter.payload() == null) {
      letter.close();
      throw new StagecoachException(
          ErrorKind.PEER,
          "An executor said " + letter.text() + " to another one",
          "All executors must run the same version of the job.");
    }
    inbox.put(between, codec.decode(letter.payload()).tensors());
  }

  @Override
  public Tensors await(Message.BetweenStages message) {
    return inbox
        .poll(message)
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.INTERNAL,
                    "The " + message.words() + " did not come with its tick",
                    Where.nowhere().atStep(message.update()),
                    "",
                    null));
  }

  @Override
  public Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int stage, long step) {
    return inbox.lastOf(stage, step);
  }

  /** Closes what was not taken, of steps and tries of this step before one. */
  void dropBefore(long update, int attempt) {
    inbox.dropBefore(update, attempt);
  }

  /** Closes what an abandoned step was about to send. */
  void dropOutgoing() {
    takeOutgoing().forEach(ShuffledLetter.Outgoing::close);
  }

  @Override
  public void close() {
    dropOutgoing();
    inbox.close();
    codec.close();
  }
}
