package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.exchange.Control;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.EndpointOptions;
import io.stagecoach.spark.exchange.JobSecret;
import io.stagecoach.spark.exchange.Peer;
import io.stagecoach.spark.exchange.Receiver;
import io.stagecoach.stage.Span;
import io.stagecoach.sync.GradientBarrier;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stages at work on their executors, seen from the driver: placed once, then told step by step.
 * One thread drives it; what the stages say arrives on the transport's threads.
 */
public final class Pipeline implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

  /** A consequence of a failure waits this long for its cause. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final PipelineSpec spec;
  private final Rendezvous rendezvous;
  private final GradientBarrier barrier;
  private final FirstCause firstCause;
  private final Map<Integer, ProcessMemory> processes = new ConcurrentHashMap<>();
  private final BufferAllocator memory = new RootAllocator();
  private final ActionLists actions;
  private volatile Message.RunStep current;
  private long lastStep = -1;
  private int attempt;
  private Endpoint endpoint;
  private BarrierJob job;
  private List<StageAddress> stages = List.of();

  private Pipeline(PipelineSpec spec) {
    this.spec = spec;
    this.rendezvous = new Rendezvous();
    this.barrier = new GradientBarrier(spec.stages().size());
    this.actions = new ActionLists(spec.stages().size());
    this.firstCause =
        new FirstCause(
            PATIENCE,
            cause -> {
              barrier.fail(cause);
              rendezvous.fail(cause);
            });
  }

  /**
   * Waits for executors, places one stage on each, and waits until all are built and connected.
   *
   * @throws StagecoachException CLUSTER where there are fewer executors than stages, DEADLINE where
   *     one does not answer, or whatever a stage fails with
   */
  public static Pipeline launch(PipelineSpec spec) {
    Pipeline pipeline = new Pipeline(spec);
    try {
      pipeline.start();
      return pipeline;
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
  }

  private void start() {
    int count = spec.stages().size();
    ExecutorSlots slots = ExecutorSlots.await(spec.spark(), count, spec.deadlines().launch());
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
            spec.network().messageLimit(),
            spec.network().credit());
    job =
        BarrierJob.start(
            spec.spark(),
            slots.barrierTasks(count),
            new StageHostTask(
                settings, new SerializableConfiguration(spec.spark().hadoopConfiguration())),
            failure -> firstCause.hear(failure));
    List<Rendezvous.Member> members = rendezvous.awaitMembers(count, spec.deadlines().contact());
    place(members);
    rendezvous.awaitReady(stages, spec.deadlines().contact());
    LOG.info(
        "{} stages are placed: {}",
        count,
        String.join(
            ", ",
            stages.stream().map(s -> s.stage() + " on executor " + s.executorAndHost()).toList()));
  }

  private void place(List<Rendezvous.Member> members) {
    List<Rendezvous.Member> chosen =
        members.stream()
            .sorted(
                Comparator.comparingInt((Rendezvous.Member m) -> m.address().executor().length())
                    .thenComparing(m -> m.address().executor()))
            .limit(spec.stages().size())
            .toList();
    List<StageAddress> addresses = new ArrayList<>();
    for (int stage = 0; stage < chosen.size(); stage++) {
      Message.Register member = chosen.get(stage).address();
      addresses.add(new StageAddress(stage, member.executor(), member.host(), member.port()));
    }
    stages = List.copyOf(addresses);
    for (int stage = 0; stage < chosen.size(); stage++) {
      rendezvous.assign(chosen.get(stage), stage);
      StageSpec stageSpec = spec.stages().get(stage);
      say(
          chosen.get(stage).peer(),
          new Message.Assign(stageSpec, stages, spec.store()),
          Tensors.none());
    }
    members.stream()
        .filter(member -> !chosen.contains(member))
        .forEach(spare -> say(spare.peer(), new Message.Stop(), Tensors.none()));
  }

  /** Where each stage lives. */
  public List<StageAddress> stages() {
    return stages;
  }

  /** The most memory that each stage's process has used so far, as far as it has said. */
  public Map<Integer, ProcessMemory> memory() {
    return Map.copyOf(processes);
  }

  /**
   * The attempt by which the next order for this step goes: every order is told apart by step and
   * attempt, so that nothing of an earlier one is taken for this one's.
   *
   * @param step a step; never one before the last that was asked for
   */
  public int nextAttempt(long step) {
    attempt = step == lastStep ? attempt + 1 : 0;
    lastStep = step;
    return attempt;
  }

  /**
   * Runs a step on all stages.
   *
   * @param step the step
   * @param weights new weights for a stage, borrowed until this returns; null where they are as
   *     before
   * @return what each stage did, in stage order, for the caller to close
   */
  public List<StagePart> run(Message.RunStep step, IntFunction<Tensors> weights) {
    tell(step, weights);
    return await();
  }

  /** Tells all stages to run a step. */
  public void tell(Message.RunStep step, IntFunction<Tensors> weights) {
    current = step;
    barrier.open(step.context().step(), step.context().attempt());
    for (StageAddress stage : stages) {
      say(rendezvous.peer(stage.stage()), step, weights.apply(stage.stage()));
    }
  }

  /** Waits until all stages are done with the step that they were told. */
  public List<StagePart> await() {
    try {
      return barrier.await(spec.deadlines().step());
    } catch (StagecoachException e) {
      throw e.at(place(e.where().stage()));
    }
  }

  private Where place(int stage) {
    return stage >= 0 && stage < stages.size()
        ? Where.stage(stage).onExecutor(stages.get(stage).executorAndHost())
        : Where.nowhere();
  }

  private static void say(Peer peer, Message message, Tensors tensors) {
    peer.send(MessageJson.control(message, tensors));
  }

  @Override
  public void close() {
    for (Rendezvous.Member member : rendezvous.members()) {
      try {
        if (member.peer().isOpen()) {
          say(member.peer(), new Message.Stop(), Tensors.none());
        }
      } catch (StagecoachException e) {
        LOG.debug("could not stop {}", member.address().executor(), e);
      }
    }
    if (job != null) {
      job.end(spec.deadlines().contact());
    }
    barrier.open(Long.MAX_VALUE, 0);
    try (memory) {
      if (endpoint != null) {
        endpoint.close();
      }
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
      if (message instanceof Message.StepDone done) {
        processes.put(done.stage(), done.memory());
        barrier.arrive(new StagePart(done.report(spans(done, tensors)), tensors));
        return;
      }
      tensors.close();
      if (message instanceof Message.Register member) {
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
      Message.RunStep told = current;
      if (told == null || told.context().step() != done.step()) {
        return List.of();
      }
      return SpanTensor.unpack(
          actions.of(told.schedule(), told.context().microBatches(), done.stage()),
          tensors.get(Message.SPANS));
    }

    @Override
    public void lost(Peer from, StagecoachException why) {
      rendezvous
          .stageOf(from)
          .ifPresent(
              stage ->
                  firstCause.hear(
                      new StagecoachException(
                          ErrorKind.EXECUTOR_LOST,
                          "Executor " + stages.get(stage).executorAndHost() + " was lost",
                          Where.stage(stage),
                          "Its log says why; on YARN and Kubernetes look for a container killed for"
                              + " its memory.",
                          why)));
    }
  }
}
