package io.stagecoach.spark.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.StepContext;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.spark.exchange.ShuffleSerializer;
import io.stagecoach.spark.exchange.ShuffledLetter;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepDecider;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.sync.Synchronizer.Counts;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.serializer.SerializationStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * Executors of three stages and their replicas, one of which is lost at one moment or another of a
 * step: what the others have left is the model as the driver would have it, to the bit.
 */
class HostedSlicesTest {

  private static final int STAGES = 3;
  private static final int STEPS = 4;
  private static final SyncSettings SETTINGS = new SyncSettings(GradientWeight.EXAMPLES, 0.2, 0);

  private static final String JSON =
      new NeuralNetConfiguration.Builder()
          .dataType(DataType.DOUBLE)
          .seed(3)
          .updater(new Adam(0.1))
          .l2(0.01)
          .list()
          .layer(new DenseLayer.Builder().nIn(3).nOut(4).build())
          .layer(new DenseLayer.Builder().nIn(4).nOut(5).build())
          .layer(new OutputLayer.Builder().nIn(5).nOut(2).build())
          .build()
          .toJson();

  /** When an executor is lost. */
  private enum Moment {
    BEFORE_THE_DECISION,
    AFTER_THE_DECISION,
    WHEN_ITS_MIRROR_HAS_FOLLOWED
  }

  /** What carries what they say to each other. */
  private enum Carrier {

    /** Whenever it comes. */
    STREAMING,

    /** Between the parts of a step. */
    SHUFFLE
  }

  @ParameterizedTest
  @CsvSource({
    "STREAMING, 1, 0, BEFORE_THE_DECISION",
    "STREAMING, 1, 1, BEFORE_THE_DECISION",
    "STREAMING, 1, 2, BEFORE_THE_DECISION",
    "STREAMING, 1, 0, AFTER_THE_DECISION",
    "STREAMING, 1, 1, AFTER_THE_DECISION",
    "STREAMING, 1, 2, AFTER_THE_DECISION",
    "STREAMING, 1, 0, WHEN_ITS_MIRROR_HAS_FOLLOWED",
    "STREAMING, 1, 2, WHEN_ITS_MIRROR_HAS_FOLLOWED",
    "STREAMING, 2, 0, BEFORE_THE_DECISION",
    "STREAMING, 2, 1, AFTER_THE_DECISION",
    "STREAMING, 2, 4, AFTER_THE_DECISION",
    "STREAMING, 3, 8, WHEN_ITS_MIRROR_HAS_FOLLOWED",
    "SHUFFLE, 1, 1, BEFORE_THE_DECISION",
    "SHUFFLE, 1, 2, AFTER_THE_DECISION",
    "SHUFFLE, 1, 0, WHEN_ITS_MIRROR_HAS_FOLLOWED",
    "SHUFFLE, 2, 0, BEFORE_THE_DECISION",
    "SHUFFLE, 2, 4, AFTER_THE_DECISION",
    "SHUFFLE, 3, 8, WHEN_ITS_MIRROR_HAS_FOLLOWED"
  })
  void theLossOfOneExecutorLeavesEverything(Carrier carrier, int replicas, int lost, Moment moment)
      throws Exception {
    boolean decided = moment != Moment.BEFORE_THE_DECISION;
    UUID run = UUID.randomUUID();
    try (Dl4jModelUpdater model = Dl4jModelUpdater.create(JSON);
        Dl4jModelUpdater reference = Dl4jModelUpdater.create(JSON)) {
      List<ParameterLayout> layouts = layouts(model);
      Hosts executors =
          carrier == Carrier.STREAMING
              ? new StreamingHosts(run, model, layouts, replicas)
              : new ShuffleHosts(run, model, layouts, replicas);
      StepDecider decider =
          new StepDecider(model.parameterLayout(), layouts, new Counts(0, 0), SETTINGS);
      StepDecision last = null;
      for (int step = 0; step < STEPS; step++) {
        List<StagePart> parts = executors.step(step);
        boolean lostNow = step == STEPS - 1;
        if (!lostNow || decided) {
          last = decider.decide(step, 0, parts).decision();
        }
        if (!lostNow) {
          for (int stage = 0; stage < executors.hosts.size(); stage++) {
            executors.follow(stage, last);
            // Said twice, it is followed once.
            executors.follow(stage, last);
          }
        } else if (moment == Moment.WHEN_ITS_MIRROR_HAS_FOLLOWED) {
          executors.follow((lost + 1) % executors.hosts.size(), last);
        }
        parts.forEach(StagePart::close);
      }
      executors.lose(lost);

      Map<Integer, SliceUpdater> found = new HashMap<>();
      for (Map<Integer, SliceUpdater> left : KeptSlices.left(run, Duration.ofSeconds(10))) {
        for (Map.Entry<Integer, SliceUpdater> one : left.entrySet()) {
          boolean unused = one.getValue().follow(last);
          assertThat(one.getValue().updates()).isEqualTo(decider.counts().updates());
          found.put(one.getKey() % STAGES, one.getValue());
        }
      }
      assertThat(found).containsOnlyKeys(0, 1, 2);
      for (Map.Entry<Integer, SliceUpdater> one : found.entrySet()) {
        StateLayout part = part(model, layouts.get(one.getKey()));
        StateLayout.put(one.getValue().weightTensors(), part.weights(), model.parameters());
        StateLayout.put(one.getValue().stateTensors(), part.updater(), model.flatUpdaterState());
      }
      KeptSlices.drop(run);
      assertThat(KeptSlices.left(run, Duration.ofSeconds(10))).isEmpty();

      train(reference, layouts, replicas, decided ? STEPS : STEPS - 1);
      assertThat(model.parameters().toDoubleVector())
          .containsExactly(reference.parameters().toDoubleVector());
      assertThat(model.flatUpdaterState().toDoubleVector())
          .containsExactly(reference.flatUpdaterState().toDoubleVector());
    }
  }

  /** The same by the driver's synchronizer. */
  private static void train(
      Dl4jModelUpdater model, List<ParameterLayout> layouts, int replicas, int steps) {
    Synchronizer synchronizer = new Synchronizer(model, layouts, 0, SETTINGS);
    for (int step = 0; step < steps; step++) {
      List<StagePart> parts = new ArrayList<>();
      for (int stage = 0; stage < replicas * STAGES; stage++) {
        parts.add(
            new StagePart(
                report(stage, step),
                Tensors.of(
                    StagePart.GRADIENTS, gradients(stage, step, synchronizer.weights(stage)))));
      }
      assertThat(synchronizer.commit(step, 0, parts).skipped()).isFalse();
      parts.forEach(StagePart::close);
    }
    synchronizer.gather();
  }

  private static List<ParameterLayout> layouts(Dl4jModelUpdater model) {
    List<ParameterLayout> layouts = new ArrayList<>();
    for (int stage = 0; stage < STAGES; stage++) {
      layouts.add(model.stageLayout(stage, stage + 1));
    }
    return layouts;
  }

  private static StateLayout part(Dl4jModelUpdater model, ParameterLayout stage) {
    Set<String> names = new HashSet<>();
    stage.views().forEach(view -> names.add(view.name()));
    return model.stateLayout().of(names);
  }

  private static StageStep report(int stage, long step) {
    long examples = examples(stage, step);
    Loss loss =
        stage % STAGES == STAGES - 1 ? new Loss(1.5, examples, examples, List.of()) : Loss.none();
    return new StageStep(stage, stage, step, 0, loss, examples, 0, 0, List.of(), Traffic.none(), 0);
  }

  /** The second replica has nothing to do in one of the steps. */
  private static long examples(int stage, long step) {
    return stage / STAGES == 1 && step == 2 ? 0 : 4;
  }

  /** Some that depend on the weights; what is left of an earlier step where there are none. */
  private static INDArray gradients(int stage, long step, INDArray weights) {
    INDArray some = weights.mul(0.5).addi(stage * 0.3 - step);
    return examples(stage, step) > 0 ? some : some.assign(Double.NaN);
  }

  private static StageSpec spec(int stage) {
    int layer = stage % STAGES;
    return new StageSpec(JSON, stage, STAGES, layer, layer + 1, 1, Recompute.NONE, 1);
  }

  /**
   * Executors that are objects here, each with a stage of a replica, and the mirror of the one
   * before.
   */
  private abstract static class Hosts {

    final List<HostedSlices> hosts = new ArrayList<>();
    final List<Module> modules = new ArrayList<>();

    /** Makes them, without weights yet. */
    void open(UUID run, List<ParameterLayout> layouts, int replicas) {
      SliceOwners owners = new SliceOwners(STAGES, replicas);
      int count = replicas * STAGES;
      for (int stage = 0; stage < count; stage++) {
        modules.add(new Module(stage, layouts.get(stage % STAGES)));
        int before = (stage + count - 1) % count;
        hosts.add(
            new HostedSlices(
                List.of(new HostedStage(stage, modules.get(stage), noSource())),
                spec -> new Dl4jEngine().updater(spec).map(SliceUpdater::new),
                Map.of(stage, spec(stage)),
                new Message.KeepSlices(
                    run,
                    owners,
                    List.<TiedUse>of(),
                    owners.owns(before) ? List.of(spec(before)) : List.of(),
                    (stage + 1) % count),
                peers(stage),
                inbox(stage)));
      }
    }

    void give(Dl4jModelUpdater model, List<ParameterLayout> layouts) {
      SliceOwners owners = new SliceOwners(STAGES, hosts.size() / STAGES);
      for (int index = 0; index < STAGES; index++) {
        int owner = owners.ownerOf(index);
        StateLayout part = part(model, layouts.get(index));
        SliceState state =
            new SliceState(
                StateLayout.views(part.weights(), model.parameters()),
                StateLayout.views(part.updater(), model.flatUpdaterState()));
        hosts.get(owner).take(owner, 0, state);
        hosts.get(owner).sendWeights(owner);
        hosts.get((owner + 1) % hosts.size()).take(owner, 0, state);
      }
    }

    private static MicroBatchSource noSource() {
      return (slice, columns) -> Tensors.none();
    }

    abstract StagePeers peers(int stage);

    abstract HostedSlices.Inbox inbox(int stage);

    abstract void closeMail(int stage);

    /** What the stages say of a step. */
    abstract List<StagePart> step(int step) throws Exception;

    void follow(int stage, StepDecision decision) {
      hosts.get(stage).follow(decision, hosts.get(stage)::sendWeights);
    }

    static StepContext context(int step) {
      return new StepContext(step, 0, 0, 1, Mode.TRAINING, false);
    }

    void begin(int stage, int step) {
      hosts.get(stage).begin(context(step));
      modules.get(stage).beginStep(context(step));
    }

    StagePart end(int stage, int step) {
      StageStep report = report(stage, step);
      return new StagePart(report, hosts.get(stage).of(report, modules.get(stage)));
    }

    /** All end, and one of them with its process. */
    void lose(int lost) {
      for (int stage = 0; stage < hosts.size(); stage++) {
        if (stage == lost) {
          hosts.get(stage).close();
        } else {
          hosts.get(stage).leave();
        }
        closeMail(stage);
        modules.get(stage).close();
      }
    }
  }

  /** Each has a thread of its own, and waits for what the others send. */
  private static final class StreamingHosts extends Hosts {

    private final List<PeerMail> mails = new ArrayList<>();

    StreamingHosts(UUID run, Dl4jModelUpdater model, List<ParameterLayout> layouts, int replicas) {
      for (int stage = 0; stage < replicas * STAGES; stage++) {
        mails.add(new PeerMail());
      }
      open(run, layouts, replicas);
      give(model, layouts);
    }

    @Override
    StagePeers peers(int stage) {
      return new Wires(stage);
    }

    @Override
    HostedSlices.Inbox inbox(int stage) {
      return new Inbox(mails.get(stage));
    }

    @Override
    void closeMail(int stage) {
      mails.get(stage).close();
    }

    @Override
    List<StagePart> step(int step) throws Exception {
      ExecutorService threads = Executors.newCachedThreadPool();
      try {
        List<Future<StagePart>> working = new ArrayList<>();
        for (int stage = 0; stage < hosts.size(); stage++) {
          int own = stage;
          working.add(threads.submit(() -> step(own, step)));
        }
        List<StagePart> parts = new ArrayList<>();
        for (Future<StagePart> one : working) {
          parts.add(one.get());
        }
        return parts;
      } finally {
        threads.shutdownNow();
      }
    }

    private StagePart step(int stage, int step) {
      begin(stage, step);
      hosts.get(stage).sum(context(step));
      return end(stage, step);
    }

    /** Puts messages in the others' mail, as a network would: a copy. */
    private final class Wires implements StagePeers {

      private final int self;

      Wires(int self) {
        this.self = self;
      }

      @Override
      public boolean isHere(int stage) {
        return stage == self;
      }

      @Override
      public void send(int stage, Message.BetweenStages message, Tensors tensors) {
        Map<String, INDArray> copies = new HashMap<>();
        tensors.asMap().forEach((name, array) -> copies.put(name, array.dup()));
        tensors.close();
        mails.get(stage).put(message, Tensors.of(copies));
      }
    }
  }

  /** They do one part of a step after the other, and what they send comes in between. */
  private static final class ShuffleHosts extends Hosts {

    private static final ClassTag<Object> ANY = ClassTag$.MODULE$.apply(Object.class);

    private final BufferAllocator memory = new RootAllocator();
    private final ShuffleSerializer serializer = new ShuffleSerializer(1 << 20);
    private final List<ShuffledMail> mails = new ArrayList<>();

    ShuffleHosts(UUID run, Dl4jModelUpdater model, List<ParameterLayout> layouts, int replicas) {
      for (int stage = 0; stage < replicas * STAGES; stage++) {
        mails.add(new ShuffledMail(Set.of(stage), memory, 1 << 20));
      }
      open(run, layouts, replicas);
      give(model, layouts);
    }

    @Override
    StagePeers peers(int stage) {
      return mails.get(stage);
    }

    @Override
    HostedSlices.Inbox inbox(int stage) {
      return mails.get(stage);
    }

    @Override
    void closeMail(int stage) {
      mails.get(stage).close();
    }

    @Override
    void lose(int lost) {
      super.lose(lost);
      memory.close();
    }

    @Override
    List<StagePart> step(int step) {
      StepContext context = context(step);
      carry();
      all(stage -> begin(stage, step));
      all(stage -> hosts.get(stage).share(context));
      carry();
      all(stage -> hosts.get(stage).reduce(context));
      carry();
      List<StagePart> parts = new ArrayList<>();
      all(
          stage -> {
            hosts.get(stage).addUses(context);
            parts.add(end(stage, step));
          });
      carry();
      return parts;
    }

    private void all(IntConsumer act) {
      IntStream.range(0, hosts.size()).forEach(act);
    }

    private void carry() {
      for (ShuffledMail from : mails) {
        for (ShuffledLetter.Outgoing letter : from.takeOutgoing()) {
          int stage = letter.stage();
          ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          SerializationStream out = serializer.newInstance().serializeStream(bytes);
          out.writeKey(stage, ANY);
          out.writeValue(letter, ANY);
          out.close();
          mails
              .get(stage)
              .arrived(
                  (ShuffledLetter.Incoming)
                      serializer
                          .newInstance()
                          .deserializeStream(new ByteArrayInputStream(bytes.toByteArray()))
                          .asKeyValueIterator()
                          .next()
                          ._2());
        }
      }
    }
  }

  /** Nobody else is there to wait for. */
  private record Inbox(PeerMail mail) implements HostedSlices.Inbox {

    @Override
    public Tensors await(Message.BetweenStages message) {
      return mail.take(message, Duration.ofSeconds(10), () -> {});
    }

    @Override
    public Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int stage, long step) {
      return mail.lastOf(stage, step);
    }
  }

  /** Weights, and gradients made of them. */
  private static final class Module implements StageModule {

    private final int stage;
    private final ParameterLayout layout;
    private final INDArray weights;
    private INDArray gradients;
    private long step;

    Module(int stage, ParameterLayout layout) {
      this.stage = stage;
      this.layout = layout;
      this.weights = Nd4j.zeros(DataType.DOUBLE, layout.length());
    }

    @Override
    public Set<String> dataColumns() {
      return Set.of();
    }

    @Override
    public ParameterLayout parameterLayout() {
      return layout;
    }

    @Override
    public INDArray parameters() {
      return weights;
    }

    @Override
    public void setParameters(INDArray flat) {
      throw new AssertionError("the driver has none to set");
    }

    @Override
    public void beginStep(StepContext context) {
      step = context.step();
      gradients = HostedSlicesTest.gradients(stage, step, weights);
    }

    @Override
    public Forward forward(int microBatch, Tensors inputs) {
      throw new UnsupportedOperationException("nothing flows");
    }

    @Override
    public Tensors backward(int microBatch, Tensors outputGradients) {
      throw new UnsupportedOperationException("nothing flows");
    }

    @Override
    public StageGradients gradients() {
      return new StageGradients(gradients, examples(stage, step), 0);
    }

    @Override
    public void close() {
      weights.close();
    }
  }
}
