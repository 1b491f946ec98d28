package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The weights and updater state of an executor's stages, where these keep them themselves: updates
 * them when the driver has decided. Of the replicas of a stage one has them: the others send it
 * their gradients, and get the new weights. So do the stages that use a parameter of another one.
 * Beside its own an executor has mirrors of another one's slices, which get the same gradients and
 * follow the same decisions. One thread calls it.
 */
final class HostedSlices implements StepAnswer.Summed, AutoCloseable {

  /** A stage; its slice where it is the one of its replicas that has weights of their own. */
  private record Kept(HostedStage stage, OwnParameters parameters, Optional<SliceUpdater> slice) {

    INDArray gradients() {
      return stage.module().gradients().flat();
    }

    long examples() {
      return stage.module().gradients().examples();
    }

    /** Its weights as its compute sees them. */
    INDArray weights() {
      return stage.module().parameters();
    }

    boolean hasParameters() {
      return parameters.stageLength() > 0;
    }
  }

  /** What the replicas of a stage have summed, copies of shared parameters included. */
  private record Sum(INDArray gradients, long examples, List<Tensors> came)
      implements AutoCloseable {

    @Override
    public void close() {
      came.forEach(Tensors::close);
    }
  }

  /** What stages of other executors have sent. */
  interface Inbox {

    /** Waits for a message: its tensors, for the caller to close. */
    Tensors await(Message.BetweenStages message);

    /** The gradients of a slice of the last try of a step, for the caller to close. */
    Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int stage, long step);
  }

  private final Map<Integer, Kept> stages = new TreeMap<>();
  private final Map<Integer, SliceUpdater> mirrors = new TreeMap<>();
  private final Message.KeepSlices order;
  private final SliceOwners owners;
  private final List<TiedUse> ties;
  private final StagePeers peers;
  private final Inbox inbox;

  /** Of the step that is being summed, by owner. */
  private final Map<Integer, Sum> sums = new TreeMap<>();

  /** Of the step's mini-batch, by owner. */
  private final Map<Integer, Long> examples = new HashMap<>();

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
    KeptSlices.begin(order.run());
    try {
      for (HostedStage stage : hosted) {
        int number = stage.stage();
        Optional<SliceUpdater> slice =
            owners.owns(number) ? slices.apply(specs.get(number)) : Optional.empty();
        stages.put(
            number, new Kept(stage, new OwnParameters(stage.module().parameterLayout()), slice));
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
        .flatMap(Kept::slice)
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
    SliceUpdater slice = Optional.ofNullable(stages.get(stage)).flatMap(Kept::slice).orElse(null);
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
    Kept kept = stages.get(stage);
    kept.parameters().give(weights.reshape(weights.length()), kept.weights());
  }

  private void setCopy(TiedUse use, int stage, INDArray weights) {
    Kept user = stages.get(stage);
    user.parameters().ofStage(use.copy(), user.weights()).assign(weights.reshape(weights.length()));
  }

  /** Before a step: waits until what other executors own has the weights of now. */
  void begin(StepContext context) {
    long updates = context.step();
    if (givenOf == updates) {
      return;
    }
    for (Map.Entry<Integer, Kept> stage : stages.entrySet()) {
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
    closeSums();
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
    closeSums();
  }

  private void closeSums() {
    sums.values().forEach(Sum::close);
    sums.clear();
  }

  private void sendToOwner(int stage, Kept kept, StepContext context) {
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
          Kept kept = stages.get(owner);
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

  /** The norms of what a stage holds, which also goes to its mirror. */
  @Override
  public Tensors of(StageStep report, StageModule module) {
    Optional<SliceUpdater> slice = stages.get(report.stage()).slice();
    if (slice.isEmpty()) {
      return Tensors.none();
    }
    Tensors norms = slice.get().norms(examples.get(report.stage())).toTensors();
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
    closeSums();
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
        (stage, kept) ->
            kept.slice()
                .ifPresent(
                    slice ->
                        states.put(
                            stage, new SliceState(slice.weightTensors(), slice.stateTensors()))));
    return states;
  }

  /** How many updates a stage's weights have seen. */
  long updates(int stage) {
    return slice(stage).updates();
  }

  @Override
  public void close() {
    closeSums();
    stages.values().forEach(kept -> kept.slice().ifPresent(SliceUpdater::close));
    mirrors.values().forEach(SliceUpdater::close);
    KeptSlices.end(order.run(), Map.of());
  }
}
