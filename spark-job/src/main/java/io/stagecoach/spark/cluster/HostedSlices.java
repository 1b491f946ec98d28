package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageEngines;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.stage.StageStep;
import io.stagecoach.sync.OwnParameters;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The weights and updater state of an executor's stages, where these keep them themselves: updates
 * them when the driver has decided. Of the replicas of a stage one has them: the others send it
 * their gradients, and get the new weights. So do the stages that use a parameter of another one.
 * Beside its own an executor has mirrors of another one's slices, which get the same gradients and
 * follow the same decisions. One thread calls it.
 */
final class HostedSlices implements StepAnswer.Summed, AutoCloseable {

  /** What stages of other executors have sent. */
  interface Inbox {

    /** Waits for a message: its tensors, for the caller to close. */
    Tensors await(Message.BetweenStages message);

    /** The gradients of a slice of the last try of a step, for the caller to close. */
    Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int stage, long step);
  }

  private final Map<Integer, KeptStage> stages = new TreeMap<>();
  private final Map<Integer, SliceUpdater> mirrors = new TreeMap<>();
  private final Message.KeepSlices order;
  private final SliceOwners owners;
  private final List<TiedUse> ties;
  private final StagePeers peers;
  private final Inbox inbox;

  private final SliceSums sums;

  private Optional<StepDecision> followed = Optional.empty();

  /** How many updates the weights have seen that came from other executors. */
  private long givenOf = -1;

  /**
   * @param hosted the stages here
   * @param specs what they were built from
   * @param slices makes the slice of a stage, here or mirrored
   * @param order what is to be kept and mirrored
   */
  HostedSlices(
      List<HostedStage> hosted,
      Function<StageSpec, Optional<SliceUpdater>> slices,
      Map<Integer, StageSpec> specs,
      Message.KeepSlices order,
      StagePeers peers,
      Inbox inbox) {
    this.order = order;
    this.owners = order.owners();
    this.ties = List.copyOf(order.ties());
    this.peers = peers;
    this.inbox = inbox;
    this.sums = new SliceSums(stages, owners, ties, peers, inbox);
    KeptSlices.begin(order.run());
    try {
      for (HostedStage stage : hosted) {
        int number = stage.stage();
        Optional<SliceUpdater> slice =
            owners.owns(number) ? slices.apply(specs.get(number)) : Optional.empty();
        stages.put(
            number,
            new KeptStage(stage, new OwnParameters(stage.module().parameterLayout()), slice));
      }
      for (StageSpec mirrored : order.mirrored()) {
        slices.apply(mirrored).ifPresent(slice -> mirrors.put(mirrored.stage(), slice));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /**
   * The slices of stages at work.
   *
   * @param hosted the stages here
   * @param engine what they were built by
   * @param specs what they were built from
   * @param order what is to be kept and mirrored; what stages before these have left of it in this
   *     process is closed
   */
  static HostedSlices keep(
      List<HostedStage> hosted,
      String engine,
      List<StageSpec> specs,
      Message.KeepSlices order,
      StagePeers peers,
      Inbox inbox) {
    // The driver has what was left here.
    KeptSlices.drop(order.run());
    StageEngine builder = StageEngines.named(engine);
    Map<Integer, StageSpec> byStage = new HashMap<>();
    specs.forEach(spec -> byStage.put(spec.stage(), spec));
    return new HostedSlices(
        hosted, spec -> builder.updater(spec).map(SliceUpdater::new), byStage, order, peers, inbox);
  }

  /** What is wrong where the driver speaks of weights that stages do not keep. */
  static StagecoachException areNotKept() {
    return new StagecoachException(
        ErrorKind.PEER,
        "The driver spoke of weights that these stages do not keep",
        "All executors must run the same version of the job.");
  }

  /**
   * A stage, here or mirrored, goes on from what the driver has.
   *
   * @param state borrowed
   */
  void take(int stage, long updates, SliceState state) {
    SliceUpdater mirror = mirrors.get(stage);
    if (mirror != null) {
      mirror.restore(updates, state.weights(), state.updater());
      return;
    }
    slice(stage).restore(updates, state.weights(), state.updater());
    giveHere(stage);
  }

  private SliceUpdater slice(int stage) {
    return Optional.ofNullable(stages.get(stage))
        .flatMap(KeptStage::slice)
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.PEER,
                    "Weights came for a stage that has none of its own",
                    Where.stage(stage),
                    "All executors must run the same version of the job.",
                    null));
  }

  /** Gives an owner's weights to the computes here, of its replicas and of those that use some. */
  private void giveHere(int owner) {
    SliceUpdater slice = slice(owner);
    int index = owners.indexOf(owner);
    for (int replica : owners.replicasOf(index)) {
      if (peers.isHere(replica)) {
        setOwn(replica, slice.weights());
      }
    }
    for (TiedUse use : ties) {
      if (use.owner() == index) {
        owners.replicasOf(use.user()).stream()
            .filter(peers::isHere)
            .forEach(user -> setCopy(use, user, slice.weights(use.parameter())));
      }
    }
  }

  /**
   * Sends the weights that a stage has to those that compute with them elsewhere. To be called when
   * they have changed; nothing where the stage has none of its own, here or at all.
   */
  void sendWeights(int stage) {
    SliceUpdater slice =
        Optional.ofNullable(stages.get(stage)).flatMap(KeptStage::slice).orElse(null);
    if (slice == null) {
      return;
    }
    int index = owners.indexOf(stage);
    // Copies: nobody says when they have come, and these may end before.
    for (int replica : owners.replicasOf(index)) {
      if (!peers.isHere(replica)) {
        peers.send(
            replica,
            new Message.ReplicaWeights(replica, slice.updates()),
            Tensors.of(Message.ReplicaWeights.WEIGHTS, slice.weights().dup()));
      }
    }
    for (TiedUse use : ties) {
      if (use.owner() == index) {
        sendCopies(use, slice);
      }
    }
  }

  /** Sends the weights of all stages here, as {@link #sendWeights(int)} does. */
  void sendWeights() {
    stages.keySet().forEach(this::sendWeights);
  }

  private void sendCopies(TiedUse use, SliceUpdater slice) {
    for (int user : owners.replicasOf(use.user())) {
      if (!peers.isHere(user)) {
        peers.send(
            user,
            new Message.TiedWeights(use, user, slice.updates()),
            Tensors.of(use.copy(), slice.weights(use.parameter()).dup()));
      }
    }
  }

  private void setOwn(int stage, INDArray weights) {
    KeptStage kept = stages.get(stage);
    kept.parameters().give(weights.reshape(weights.length()), kept.weights());
  }

  private void setCopy(TiedUse use, int stage, INDArray weights) {
    KeptStage user = stages.get(stage);
    user.parameters().ofStage(use.copy(), user.weights()).assign(weights.reshape(weights.length()));
  }

  /** Before a step: waits until what other executors own has the weights of now. */
  void begin(StepContext context) {
    long updates = context.step();
    if (givenOf == updates) {
      return;
    }
    for (Map.Entry<Integer, KeptStage> stage : stages.entrySet()) {
      int number = stage.getKey();
      int index = owners.indexOf(number);
      boolean hasOwn = stage.getValue().parameters().layout().length() > 0;
      if (hasOwn && !peers.isHere(owners.ownerOf(index))) {
        try (Tensors came = inbox.await(new Message.ReplicaWeights(number, updates))) {
          setOwn(number, came.get(Message.ReplicaWeights.WEIGHTS));
        }
      }
      for (TiedUse use : ties) {
        if (use.user() == index && !peers.isHere(owners.ownerOf(use.owner()))) {
          try (Tensors came = inbox.await(new Message.TiedWeights(use, number, updates))) {
            setCopy(use, number, came.get(use.copy()));
          }
        }
      }
    }
    givenOf = updates;
  }

  /**
   * After a step's last backward pass: owners hold its gradients, summed over replicas in their
   * order, and then over the uses of shared parameters in theirs. Whatever others wait for goes out
   * before anything is waited for.
   */
  void sum(StepContext context) {
    share(context);
    reduce(context);
    addUses(context);
  }

  /** The first part of {@link #sum}: sends gradients to the replicas that have the weights. */
  void share(StepContext context) {
    sums.share(context);
  }

  /**
   * The second part: takes what replicas have sent, and sends the gradients of parameters that
   * other executors have.
   */
  void reduce(StepContext context) {
    sums.reduce(context);
  }

  /** The last part: takes the gradients of uses elsewhere of the parameters here. */
  void addUses(StepContext context) {
    sums.addUses(context);
  }

  /** The norms of what a stage holds, which also goes to its mirror. */
  @Override
  public Tensors of(StageStep report, StageModule module) {
    Optional<SliceUpdater> slice = stages.get(report.stage()).slice();
    if (slice.isEmpty()) {
      return Tensors.none();
    }
    Tensors norms = slice.get().norms(sums.examples(report.stage())).toTensors();
    if (order.mirror() != Message.KeepSlices.NO_MIRROR) {
      // Not changed before the decision, which waits until the mirror has them.
      peers.send(
          order.mirror(),
          new Message.MirrorGradients(report.stage(), report.step(), report.attempt()),
          Tensors.viewsOf(
              Map.of(Message.MirrorGradients.GRADIENTS, slice.get().gradients()), () -> {}));
    }
    return norms;
  }

  /**
   * Follows a decision, with what it is about; what is here has the new weights then. The last one
   * is not followed a second time.
   *
   * @param changed is told of each stage whose weights have changed, when they have
   */
  void follow(StepDecision decision, IntConsumer changed) {
    if (followed.equals(Optional.of(decision))) {
      return;
    }
    stages.forEach(
        (stage, kept) -> {
          if (kept.slice().isPresent() && kept.slice().get().follow(decision)) {
            giveHere(stage);
            changed.accept(stage);
          }
        });
    mirrors.forEach((stage, mirror) -> follow(decision, stage, mirror));
    followed = Optional.of(decision);
  }

  private void follow(StepDecision decision, int stage, SliceUpdater mirror) {
    Message.MirrorGradients of =
        new Message.MirrorGradients(stage, decision.update(), decision.attempt());
    try (Tensors came = inbox.await(of)) {
      hold(mirror, of, came);
      boolean unused = mirror.follow(decision);
    }
  }

  private static void hold(SliceUpdater mirror, Message.MirrorGradients of, Tensors came) {
    mirror.hold(
        of.step(), of.attempt(), flat -> flat.assign(came.get(Message.MirrorGradients.GRADIENTS)));
  }

  /**
   * Ends, and leaves slices and mirrors in this process for the stages that are placed next, with
   * the gradients of a step that the driver may have decided about.
   */
  void leave() {
    sums.close();
    Map<Integer, SliceUpdater> left = new TreeMap<>(mirrors);
    mirrors.forEach(
        (stage, mirror) ->
            inbox
                .lastOf(stage, mirror.updates())
                .ifPresent(
                    last -> {
                      try (Tensors came = last.getValue()) {
                        hold(mirror, last.getKey(), came);
                      }
                    }));
    stages.forEach((stage, kept) -> kept.slice().ifPresent(slice -> left.put(stage, slice)));
    mirrors.clear();
    stages.clear();
    KeptSlices.end(order.run(), left);
  }

  /** What the stages have, by stage: live views until the next decision. */
  Map<Integer, SliceState> states() {
    Map<Integer, SliceState> states = new TreeMap<>();
    stages.forEach(
        (stage, kept) -> kept.slice().ifPresent(slice -> states.put(stage, SliceState.of(slice))));
    return states;
  }

  /** How many updates a stage's weights have seen. */
  long updates(int stage) {
    return slice(stage).updates();
  }

  @Override
  public void close() {
    sums.close();
    stages.values().forEach(kept -> kept.slice().ifPresent(SliceUpdater::close));
    mirrors.values().forEach(SliceUpdater::close);
    KeptSlices.end(order.run(), Map.of());
  }
}
