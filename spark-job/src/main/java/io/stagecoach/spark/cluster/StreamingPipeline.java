package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.spark.exchange.Control;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.EndpointOptions;
import io.stagecoach.spark.exchange.JobSecret;
import io.stagecoach.spark.exchange.Peer;
import io.stagecoach.spark.exchange.Receiver;
import io.stagecoach.spark.gpu.DistinctGpus;
import io.stagecoach.spark.gpu.FallbackWarning;
import io.stagecoach.spark.gpu.GpuRule;
import io.stagecoach.stage.Span;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.GradientBarrier;
import io.stagecoach.sync.GradientPiece;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.sync.TiedUse;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stages that live in one barrier job and pass hops to each other directly. What they say to the
 * driver arrives on the transport's threads.
 */
final class StreamingPipeline implements Pipeline {

  private static final Logger LOG = LoggerFactory.getLogger(StreamingPipeline.class);

  /** A consequence of a failure waits this long for its cause. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  /** After a failure nobody waits long for those who may be stuck. */
  private static final Duration HURRY = Duration.ofMillis(500);

  private final PipelineSpec spec;
  private final Seats seats;
  private final Rendezvous rendezvous;
  private final GradientBarrier barrier;
  private final SliceIntake slices = new SliceIntake();
  private final MirrorReceipts receipts = new MirrorReceipts();
  private final Slices kept;
  private final FirstCause firstCause;
  private final Map<Integer, ProcessMemory> processes = new ConcurrentHashMap<>();
  private final BufferAllocator memory = new RootAllocator();
  private final ScheduleBook schedules;
  private final Pulses pulses;

  /** What the stages were last told, by name and number of micro-batches. */
  private final Map<List<Object>, Schedule> told = new HashMap<>();

  private volatile Told current;
  private long lastStep = -1;
  private int attempt;
  private Endpoint endpoint;
  private BarrierJob job;
  private List<StageAddress> stages = List.of();

  private StreamingPipeline(PipelineSpec spec, Seats seats) {
    this.spec = spec;
    this.seats = seats;
    this.kept = new Slices(new Mirroring(spec));
    this.rendezvous = new Rendezvous();
    this.barrier = new GradientBarrier(spec.stages().size());
    this.schedules = spec.book();
    this.pulses = new Pulses(spec.deadlines().heartbeat());
    this.firstCause =
        new FirstCause(
            PATIENCE,
            cause -> {
              barrier.fail(cause);
              slices.fail(cause);
              receipts.fail(cause);
              rendezvous.fail(cause);
            });
  }

  /** A step that the stages were told. */
  private record Told(Message.RunStep step, Schedule schedule) {}

  static Pipeline launch(PipelineSpec spec, Seats seats) {
    StreamingPipeline pipeline = new StreamingPipeline(spec, seats);
    try {
      pipeline.start();
      return pipeline;
    } catch (RuntimeException e) {
      pipeline.abandon();
      throw e;
    }
  }

  private void start() {
    int count = spec.executors();
    PinnedSeats.await(spec);
    GpuRule rule = GpuRule.of(spec.spark().sc());
    ExecutorSlots slots = ExecutorSlots.await(spec.spark(), count, rule, spec.deadlines().launch());
    UUID runId = UUID.randomUUID();
    JobSecret secret = JobSecret.random();
    Deadlines deadlines = spec.deadlines();
    endpoint =
        Endpoint.open(
            EndpointOptions.in(SparkEnv.get(), runId, secret, "driver", memory)
                .withPort(spec.network().driverPort())
                .withTimeouts(deadlines.contact(), deadlines.contact())
                .withMaxMessageBytes(spec.network().messageLimit()),
            new Hearing());
    HostSettings settings =
        new HostSettings(
            new DriverAddress(endpoint.host(), endpoint.port()),
            runId,
            secret,
            spec.network().executorPort(),
            deadlines.contact(),
            deadlines.step(),
            deadlines.heartbeat(),
            spec.network().messageLimit(),
            spec.network().credit());
    job =
        BarrierJob.start(
            spec.spark(),
            // With pins all executors come: Spark might choose others than those that are wanted.
            spec.pins().isEmpty() ? slots.barrierTasks(count) : slots.tasks(),
            new StageHostTask(
                settings, new SerializableConfiguration(spec.spark().hadoopConfiguration())),
            rule,
            failure -> firstCause.hear(failure));
    ExecutorHeartbeats heartbeats = ExecutorHeartbeats.of(spec.spark().sc());
    List<Rendezvous.Member> members =
        rendezvous.awaitMembers(
            count,
            there -> PinnedSeats.unmet(spec, homes(there)).isEmpty(),
            deadlines.contact(),
            // The tasks start together: one that hangs keeps all of them from it.
            () -> heartbeats.silent(Home.all(spec.spark().sc()), deadlines.heartbeat()));
    pulses.watch(this::silent);
    place(members);
    rendezvous.awaitReady(stages, spec.deadlines().contact());
    LOG.info(
        "{} stages are placed: {}",
        stages.size(),
        String.join(", ", stages.stream().map(StageAddress::words).toList()));
  }

  private static List<Home> homes(List<Rendezvous.Member> members) {
    return members.stream().map(Rendezvous.Member::home).toList();
  }

  private void place(List<Rendezvous.Member> members) {
    List<Rendezvous.Member> inOrder =
        members.stream()
            .sorted(
                Comparator.comparingInt((Rendezvous.Member m) -> m.address().executor().length())
                    .thenComparing(m -> m.address().executor()))
            .toList();
    List<Rendezvous.Member> chosen =
        seats.seat(inOrder, Rendezvous.Member::home, spec.executors(), spec.pins());
    List<DistinctGpus.Holder> holders =
        chosen.stream().map(member -> member.address().holder()).toList();
    DistinctGpus.check(holders);
    FallbackWarning.say(holders);
    List<StageAddress> addresses = new ArrayList<>();
    for (int stage = 0; stage < spec.stages().size(); stage++) {
      Message.Register member = chosen.get(spec.executorOf(stage)).address();
      addresses.add(
          new StageAddress(
              stage, member.executor(), member.host(), member.port(), member.gpu().words()));
    }
    stages = List.copyOf(addresses);
    for (int executor = 0; executor < chosen.size(); executor++) {
      Rendezvous.Member member = chosen.get(executor);
      List<StageSpec> hosted = spec.stagesOf(executor);
      hosted.forEach(stage -> rendezvous.assign(member, stage.stage()));
      say(
          member.peer(),
          new Message.Assign(
              executor, spec.engine(), hosted, stages, spec.store(), spec.network().wireType()),
          Tensors.none());
    }
    members.stream()
        .filter(member -> !chosen.contains(member))
        .forEach(spare -> say(spare.peer(), new Message.Stop(), Tensors.none()));
  }

  @Override
  public List<StageAddress> stages() {
    return stages;
  }

  @Override
  public Map<Integer, ProcessMemory> memory() {
    return Map.copyOf(processes);
  }

  @Override
  public int nextAttempt(long step) {
    attempt = step == lastStep ? attempt + 1 : 0;
    lastStep = step;
    return attempt;
  }

  @Override
  public void use(ScheduleAuthor author) {
    schedules.use(author);
  }

  @Override
  public void tell(Order order) {
    Message.RunStep step = order.step();
    lastStep = step.context().step();
    attempt = step.context().attempt();
    Schedule schedule = schedules.of(step.schedule(), step.context().microBatches());
    current = new Told(step, schedule);
    barrier.open(lastStep, attempt);
    receipts.open(lastStep, attempt, kept.mirroredIn(step.context()));
    List<Object> key = List.of(schedule.name(), schedule.microBatches());
    boolean isNew = !schedule.equals(told.put(key, schedule));
    for (int executor : firstStagesFirst()) {
      List<StageSpec> hosted = spec.stagesOf(executor);
      Peer peer = rendezvous.peer(hosted.get(0).stage());
      if (isNew) {
        say(peer, new Message.UseSchedule(schedule.text()), Tensors.none());
      }
      Map<String, INDArray> changed = new LinkedHashMap<>();
      for (StageSpec stage : hosted) {
        changed.putAll(order.tensorsOf(stage.stage()));
      }
      if (spec.hostsFirst(executor)) {
        changed.putAll(GivenColumns.pack(order.given()));
      }
      say(peer, step, changed.isEmpty() ? Tensors.none() : Tensors.viewsOf(changed, () -> {}));
    }
  }

  /** The executors, those first whose stages, of whichever replica, have first something to do. */
  private List<Integer> firstStagesFirst() {
    int ofReplica = spec.stages().size() / spec.replicas();
    return IntStream.range(0, spec.executors())
        .boxed()
        .sorted(
            Comparator.comparingInt(
                executor ->
                    spec.stagesOf(executor).stream()
                        .mapToInt(stage -> stage.stage() % ofReplica)
                        .min()
                        .orElseThrow()))
        .toList();
  }

  @Override
  public List<StagePart> await(GradientArrivals arrivals) {
    try {
      List<StagePart> parts = barrier.await(spec.deadlines().step(), arrivals);
      try {
        receipts.await(spec.deadlines().step());
      } catch (RuntimeException e) {
        parts.forEach(StagePart::close);
        throw e;
      }
      return parts;
    } catch (StagecoachException e) {
      throw e.kind() == ErrorKind.DEADLINE ? late(e) : e.at(place(e.where().stage()));
    }
  }

  @Override
  public StageSlices slices() {
    return kept;
  }

  /** What the executors were at when the step took too long, and which of them is to blame. */
  private StagecoachException late(StagecoachException e) {
    List<String> at = new ArrayList<>();
    Where blamed = Where.nowhere();
    long longest = -1;
    for (int executor = 0; executor < spec.executors(); executor++) {
      int stage = spec.stagesOf(executor).get(0).stage();
      Optional<Message.Alive> pulse = pulses.of(rendezvous.peer(stage));
      at.add(
          "executor "
              + stages.get(stage).executorAndHost()
              + ": "
              + pulse.map(Pulses::words).orElse("nothing heard yet"));
      // Who waits for a hop waits for somebody else.
      if (pulse.isPresent() && pulse.get().computes() && pulse.get().millis() > longest) {
        longest = pulse.get().millis();
        blamed = place(stage);
      }
    }
    return new StagecoachException(
            e.kind(), e.what() + "; " + String.join(", ", at), e.where(), e.remedy(), e)
        .at(blamed);
  }

  private void silent(Peer peer, String words) {
    rendezvous
        .stageOf(peer)
        .ifPresent(
            stage ->
                firstCause.hear(
                    new StagecoachException(
                        ErrorKind.EXECUTOR_LOST,
                        "Executor " + stages.get(stage).executorAndHost() + " " + words,
                        place(stage),
                        "Its process hangs, or its host is out of reach; its log may say more. The"
                            + " wait is spark.stagecoach.deadline.heartbeat.",
                        null)));
  }

  private Where place(int stage) {
    return stage >= 0 && stage < stages.size() ? spec.place(stages.get(stage)) : Where.nowhere();
  }

  private static void say(Peer peer, Message message, Tensors tensors) {
    peer.send(MessageJson.control(message, tensors));
  }

  @Override
  public void abandon() {
    stop(new Message.Leave());
    if (job != null) {
      job.cancel();
    }
    release(HURRY);
  }

  @Override
  public void close() {
    stop(new Message.Stop());
    if (job != null) {
      job.end(spec.deadlines().contact());
    }
    release(spec.deadlines().contact());
  }

  private void stop(Message last) {
    pulses.close();
    for (Rendezvous.Member member : rendezvous.members()) {
      try {
        if (member.peer().isOpen()) {
          say(member.peer(), last, Tensors.none());
        }
      } catch (StagecoachException e) {
        LOG.debug("could not stop {}", member.address().executor(), e);
      }
    }
  }

  private void release(Duration patience) {
    barrier.open(Long.MAX_VALUE, 0);
    slices.close();
    if (endpoint != null) {
      endpoint.closeWithin(patience);
      endpoint = null;
    }
    memory.close();
  }

  /** The stages' own weights. */
  private final class Slices implements StageSlices {

    private final Mirroring mirroring;
    private final Set<Integer> owners = new TreeSet<>();

    Slices(Mirroring mirroring) {
      this.mirroring = mirroring;
    }

    /** The stages whose gradients go to a mirror in a step. */
    Set<Integer> mirroredIn(StepContext step) {
      return step.mode() == Mode.TRAINING && mirroring.isThere() ? owners : Set.of();
    }

    @Override
    public void keep(UUID run, List<TiedUse> ties) {
      List<Message.KeepSlices> orders = mirroring.orders(run, ties);
      for (int executor = 0; executor < spec.executors(); executor++) {
        say(peer(executor), orders.get(executor), Tensors.none());
      }
    }

    @Override
    public Map<Integer, SliceState> recover(
        UUID run, List<Integer> wanted, long updates, Optional<StepDecision> last) {
      slices.open(wanted, updates, spec.executors());
      sayToAll(new Message.SendKept(run, updates, last.stream().toList()));
      return slices.await(spec.deadlines().step());
    }

    @Override
    public void give(int stage, long updates, SliceState state) {
      owners.add(stage);
      say(rendezvous.peer(stage), new Message.TakeSlice(stage, updates), state.pack());
      if (mirroring.isThere()) {
        say(
            peer(mirroring.mirrorOf(spec.executorOf(stage))),
            new Message.TakeSlice(stage, updates),
            state.pack());
      }
    }

    /** Who is gone is heard of when the next step is waited for. */
    @Override
    public void follow(StepDecision decision) {
      for (int executor = 0; executor < spec.executors(); executor++) {
        try {
          say(peer(executor), new Message.Decide(decision), Tensors.none());
        } catch (StagecoachException e) {
          LOG.debug("could not tell executor {} the decision", executor, e);
        }
      }
    }

    @Override
    public Map<Integer, SliceState> gather(List<Integer> wanted, long updates) {
      slices.open(wanted, updates);
      try {
        sayToAll(new Message.SendSlices());
        return slices.await(spec.deadlines().step());
      } catch (StagecoachException e) {
        throw e.at(place(e.where().stage()));
      }
    }

    private void sayToAll(Message message) {
      for (int executor = 0; executor < spec.executors(); executor++) {
        say(peer(executor), message, Tensors.none());
      }
    }

    private Peer peer(int executor) {
      return rendezvous.peer(spec.stagesOf(executor).get(0).stage());
    }
  }

  /** What the stages say. */
  private final class Hearing implements Receiver {

    @Override
    public void message(Peer from, Control control) {
      try {
        hear(from, MessageJson.read(control.body()), control.tensors());
      } catch (StagecoachException e) {
        control.tensors().close();
        firstCause.hear(e);
      } catch (RuntimeException e) {
        control.tensors().close();
        firstCause.hear(
            new StagecoachException(
                ErrorKind.INTERNAL, "The driver failed: " + e, Where.nowhere(), "", e));
      }
    }

    private void hear(Peer from, Message message, Tensors tensors) {
      pulses.heard(from);
      if (message instanceof Message.StepDone done) {
        processes.put(done.stage(), done.memory());
        barrier.arrive(new StagePart(done.report(spans(done, tensors)), tensors));
        return;
      }
      if (message instanceof Message.GradientsFinished finished) {
        barrier.arrive(
            new GradientPiece(
                finished.stage(), finished.step(), finished.attempt(), finished.offset(), tensors));
        return;
      }
      if (message instanceof Message.SliceSent slice) {
        slices.arrive(slice.stage(), slice.updates(), SliceState.unpack(tensors));
        return;
      }
      tensors.close();
      if (message instanceof Message.Mirrored mirrored) {
        receipts.arrive(mirrored);
      } else if (message instanceof Message.KeptSent) {
        slices.ended();
      } else if (message instanceof Message.Alive alive) {
        pulses.heard(from, alive);
      } else if (message instanceof Message.Register member) {
        rendezvous.join(from, member);
      } else if (message instanceof Message.Ready ready) {
        rendezvous.ready(ready.stage());
      } else if (message instanceof Message.Failed failed) {
        firstCause.hear(
            new StagecoachException(
                    failed.kind(), failed.what(), failed.where(), failed.remedy(), null)
                .at(place(failed.where().stage())));
      } else {
        throw new StagecoachException(
            ErrorKind.PEER, "A stage said " + message.getClass().getSimpleName(), "");
      }
    }

    private List<Span> spans(Message.StepDone done, Tensors tensors) {
      Told order = current;
      if (order == null
          || order.step().context().step() != done.step()
          || order.step().context().attempt() != done.attempt()) {
        // Of an attempt that nobody waits for any more.
        return List.of();
      }
      return SpanTensor.unpack(order.schedule().actionsOf(done.stage()), tensors);
    }

    @Override
    public void lost(Peer from, StagecoachException why) {
      rendezvous
          .stageOf(from)
          .ifPresent(
              stage ->
                  firstCause.hear(
                      why.kind() == ErrorKind.RESOURCE
                          ? why
                          : new StagecoachException(
                              ErrorKind.EXECUTOR_LOST,
                              "Executor " + stages.get(stage).executorAndHost() + " was lost",
                              place(stage),
                              "Its log says why; on YARN and Kubernetes look for a container"
                                  + " killed for its memory.",
                              why)));
    }
  }
}
