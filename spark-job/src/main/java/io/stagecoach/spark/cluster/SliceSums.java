package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The gradients of a step, from those of single stages to those that owners of weights hold: summed
 * over replicas in their order, and then over the uses of shared parameters in theirs. In three
 * parts, each of which takes what others have sent in the one before, and sends what they wait for
 * in the next.
 */
final class SliceSums implements AutoCloseable {

  /** What the replicas of a stage have summed, copies of shared parameters included. */
  private record Sum(INDArray gradients, long examples, List<Tensors> came)
      implements AutoCloseable {

    @Override
    public void close() {
      came.forEach(Tensors::close);
    }
  }

  private final Map<Integer, KeptStage> stages;
  private final SliceOwners owners;
  private final List<TiedUse> ties;
  private final StagePeers peers;
  private final HostedSlices.Inbox inbox;

  /** Of the step that is being summed, by owner. */
  private final Map<Integer, Sum> sums = new TreeMap<>();

  /** Of the step's mini-batch, by owner. */
  private final Map<Integer, Long> examples = new HashMap<>();

  /**
   * @param stages those here, by number
   */
  SliceSums(
      Map<Integer, KeptStage> stages,
      SliceOwners owners,
      List<TiedUse> ties,
      StagePeers peers,
      HostedSlices.Inbox inbox) {
    this.stages = stages;
    this.owners = owners;
    this.ties = List.copyOf(ties);
    this.peers = peers;
    this.inbox = inbox;
  }

  /** How many examples the gradients are of that an owner holds. */
  long examples(int owner) {
    return examples.get(owner);
  }

  /** The first part: sends gradients to the replicas that have the weights. */
  void share(StepContext context) {
    close();
    if (context.mode() == Mode.TRAINING) {
      stages.forEach((stage, kept) -> sendToOwner(stage, kept, context));
    }
  }

  /**
   * The second part: takes what replicas have sent, and sends the gradients of parameters that
   * other executors have.
   */
  void reduce(StepContext context) {
    if (context.mode() != Mode.TRAINING) {
      return;
    }
    stages.forEach(
        (stage, kept) -> {
          if (owners.owns(stage) && kept.hasParameters()) {
            sums.put(stage, sumOfReplicas(stage, context));
          }
        });
    hold(context);
    sendUses(context);
  }

  /** The last part: takes the gradients of uses elsewhere of the parameters here. */
  void addUses(StepContext context) {
    if (context.mode() != Mode.TRAINING) {
      return;
    }
    for (TiedUse use : ties) {
      int user = owners.ownerOf(use.user());
      int owner = owners.ownerOf(use.owner());
      if (peers.isHere(owner) && peers.isHere(user)) {
        slice(owner).addUse(use.parameter(), ofCopy(use, sums.get(user)));
      } else if (peers.isHere(owner)) {
        try (Tensors came = inbox.await(gradient(use, context))) {
          slice(owner).addUse(use.parameter(), came.get(use.copy()));
        }
      }
    }
    close();
  }

  @Override
  public void close() {
    sums.values().forEach(Sum::close);
    sums.clear();
  }

  private void sendToOwner(int stage, KeptStage kept, StepContext context) {
    int owner = owners.ownerOf(owners.indexOf(stage));
    if (peers.isHere(owner) || !kept.hasParameters()) {
      return;
    }
    INDArray count = Nd4j.createFromArray(kept.examples());
    // Not changed before the decision, which waits for the owner.
    peers.send(
        owner,
        new Message.ReplicaGradients(stage, context.step(), context.attempt()),
        Tensors.viewsOf(
            Map.of(
                Message.ReplicaGradients.GRADIENTS,
                kept.gradients(),
                Message.ReplicaGradients.EXAMPLES,
                count),
            count::close));
  }

  /** As the driver does: to the first one's, which always has some, those of the others. */
  private Sum sumOfReplicas(int owner, StepContext context) {
    List<Tensors> came = new ArrayList<>();
    try {
      return sumOfReplicas(owner, context, came);
    } catch (RuntimeException | Error e) {
      came.forEach(Tensors::close);
      throw e;
    }
  }

  private Sum sumOfReplicas(int owner, StepContext context, List<Tensors> came) {
    INDArray sum = null;
    long all = 0;
    for (int replica : owners.replicasOf(owners.indexOf(owner))) {
      INDArray gradients;
      long count;
      if (peers.isHere(replica)) {
        gradients = stages.get(replica).gradients();
        count = stages.get(replica).examples();
      } else {
        Tensors sent =
            inbox.await(new Message.ReplicaGradients(replica, context.step(), context.attempt()));
        came.add(sent);
        gradients = sent.get(Message.ReplicaGradients.GRADIENTS);
        count = sent.get(Message.ReplicaGradients.EXAMPLES).getLong(0);
      }
      INDArray flat = gradients.reshape(gradients.length());
      if (sum == null) {
        sum = flat;
      } else if (count > 0) {
        sum.addi(flat);
      }
      all += count;
    }
    return new Sum(sum, all, came);
  }

  private void hold(StepContext context) {
    sums.forEach(
        (owner, sum) -> {
          examples.put(owner, sum.examples());
          KeptStage kept = stages.get(owner);
          kept.slice()
              .ifPresent(
                  slice ->
                      slice.hold(
                          context.step(),
                          context.attempt(),
                          flat -> kept.parameters().take(sum.gradients(), flat)));
        });
  }

  private void sendUses(StepContext context) {
    for (TiedUse use : ties) {
      int user = owners.ownerOf(use.user());
      int owner = owners.ownerOf(use.owner());
      if (peers.isHere(user) && !peers.isHere(owner)) {
        // A copy: what is summed may have come in a message that is closed before.
        peers.send(
            owner,
            gradient(use, context),
            Tensors.of(use.copy(), ofCopy(use, sums.get(user)).dup()));
      }
    }
  }

  private static Message.TiedGradient gradient(TiedUse use, StepContext context) {
    return new Message.TiedGradient(use, context.step(), context.attempt());
  }

  private INDArray ofCopy(TiedUse use, Sum sum) {
    return stages.get(owners.ownerOf(use.user())).parameters().ofStage(use.copy(), sum.gradients());
  }

  private SliceUpdater slice(int owner) {
    return stages.get(owner).slice().orElseThrow();
  }
}
