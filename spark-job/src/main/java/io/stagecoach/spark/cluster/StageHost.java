package io.stagecoach.spark.cluster;

import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.spark.exchange.Control;
import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.EndpointOptions;
import io.stagecoach.spark.exchange.Peer;
import io.stagecoach.spark.exchange.Receiver;
import io.stagecoach.spark.gpu.BackendFailure;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.SparkEnv;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An executor's stages: gets in touch with the driver, is told which stages it hosts, builds them,
 * and then does one step after the other as it is told. The task's thread does all the work; the
 * transport's threads only put messages in a queue.
 */
final class StageHost implements Receiver, AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(StageHost.class);
  private static final long POLL_MILLIS = 500;

  /** How long whoever is still being sent something has to take it. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  private static final long MEMORY_INTERVAL_NANOS = 1_000_000_000L;

  private record ScheduleKey(String name, int microBatches) {}

  private record Heard(Message message, Tensors tensors) {}

  private final String executor;
  private final StageBuilder builder;
  private final BufferAllocator memory = new RootAllocator();
  private final BlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
  private final Endpoint endpoint;
  private final DriverAddress driverAt;
  private final Duration stepDeadline;
  private final Peer driver;
  private volatile StagecoachException lostDriver;
  private volatile int stage = -1;
  private ProcessMemory process;
  private long processAskedAt;
  private final Map<ScheduleKey, Schedule> schedules = new HashMap<>();
  private int index;
  private volatile ExecutorRuntime runtime;
  private Repeating heart;
  private final PeerMail mail = new PeerMail();
  private Message.Assign assigned;
  private Optional<HostedSlices> slices = Optional.empty();

  private StageHost(SparkEnv env, HostSettings settings, StageBuilder builder) {
    this.executor = env.executorId();
    this.builder = builder;
    this.driverAt = settings.driver();
    this.stepDeadline = settings.step();
    EndpointOptions options =
        EndpointOptions.in(env, settings.runId(), settings.secret(), name(executor), memory)
            .withPort(settings.port())
            .withTimeouts(settings.contact(), settings.contact())
            .withMaxMessageBytes(settings.messageLimit());
    this.endpoint = Endpoint.open(options, this);
    try {
      this.driver = endpoint.connect(driverAt.host(), driverAt.port());
    } catch (RuntimeException | Error e) {
      endpoint.close();
      throw e;
    }
  }

  /** The name by which an executor is known on the run's network. */
  static String name(String executor) {
    return "executor-" + executor;
  }

  /**
   * Gets in touch with the driver.
   *
   * @param env Spark's environment of this executor
   * @param settings where the driver is
   * @param builder builds the stage that the driver assigns
   * @param claim finds out what the stages compute on
   */
  static StageHost open(
      SparkEnv env, HostSettings settings, StageBuilder builder, Supplier<GpuClaim> claim) {
    StageHost host = new StageHost(env, settings, builder);
    try {
      host.register(claim);
    } catch (RuntimeException | Error e) {
      host.close();
      throw e;
    }
    host.heart =
        new Repeating(
            "stagecoach-heartbeat", Pulses.intervalMillis(settings.heartbeat()), host::beat);
    return host;
  }

  private void register(Supplier<GpuClaim> claim) {
    GpuClaim gpu;
    try {
      gpu = claim.get();
    } catch (StagecoachException e) {
      throw report(e);
    }
    say(new Message.Register(executor, endpoint.host(), endpoint.port(), gpu), Tensors.none());
  }

  private void beat() {
    ExecutorRuntime now = runtime;
    Message.Alive alive =
        (now == null ? Optional.<ExecutorRuntime.Doing>empty() : now.doing())
            .map(
                doing ->
                    new Message.Alive(
                        doing.action().text() + " of step " + doing.step(),
                        (System.nanoTime() - doing.sinceNanos()) / 1_000_000,
                        doing.action().isCompute()))
            .orElse(new Message.Alive("", 0, false));
    try {
      say(alive, Tensors.none());
    } catch (StagecoachException e) {
      LOG.debug("No heartbeat: the driver is gone", e);
    }
  }

  /** Does what the driver says until it says stop, or until the task is interrupted. */
  void serve(BooleanSupplier interrupted) {
    try {
      while (!interrupted.getAsBoolean()) {
        Heard next = heard.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
        if (next == null) {
          if (lostDriver != null) {
            throw lostDriver;
          }
          continue;
        }
        if (next.message() instanceof Message.Stop) {
          slices.ifPresent(HostedSlices::close);
          slices = Optional.empty();
          return;
        }
        if (next.message() instanceof Message.Leave) {
          return;
        }
        obey(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (StagecoachException e) {
      throw report(e);
    } catch (RuntimeException | LinkageError | OutOfMemoryError e) {
      throw report(
          MemoryShortage.typed("what the driver asked for", Where.nowhere(), e)
              .or(() -> BackendFailure.typed(e))
              .orElseGet(
                  () ->
                      new StagecoachException(
                          ErrorKind.INTERNAL,
                          "The stage failed: " + e,
                          Where.nowhere(),
                          "The executor's log has the stack trace.",
                          e)));
    }
  }

  private void obey(Heard heardNow) throws InterruptedException {
    try (Tensors tensors = heardNow.tensors()) {
      if (heardNow.message() instanceof Message.Assign assign) {
        stage = assign.specs().get(0).stage();
        index = assign.executor();
        assigned = assign;
        runtime = builder.build(assign, endpoint);
        for (HostedStage hosted : runtime.stages()) {
          say(new Message.Ready(hosted.stage()), Tensors.none());
        }
      } else if (heardNow.message() instanceof Message.UseSchedule use) {
        Schedule schedule = Schedule.parse(use.text());
        schedules.put(new ScheduleKey(schedule.name(), schedule.microBatches()), schedule);
      } else if (heardNow.message() instanceof Message.RunStep step) {
        run(step, tensors);
      } else if (heardNow.message() instanceof Message.KeepSlices keep) {
        slices =
            Optional.of(
                HostedSlices.keep(
                    runtime.stages(),
                    assigned.engine(),
                    assigned.specs(),
                    keep,
                    new ConnectedPeers(endpoint, executor, assigned.stages()),
                    new Inbox()));
      } else if (heardNow.message() instanceof Message.TakeSlice take) {
        kept().take(take.stage(), take.updates(), SliceState.unpack(tensors));
        kept().sendWeights(take.stage());
      } else if (heardNow.message() instanceof Message.SendKept kept) {
        sendKept(kept);
      } else if (heardNow.message() instanceof Message.Decide decide) {
        kept().follow(decide.decision(), kept()::sendWeights);
      } else if (heardNow.message() instanceof Message.SendSlices) {
        HostedSlices kept = kept();
        kept.states()
            .forEach(
                (from, state) ->
                    say(new Message.SliceSent(from, kept.updates(from)), state.pack()));
      } else {
        throw new StagecoachException(
            ErrorKind.PEER,
            "The driver said " + heardNow.message().getClass().getSimpleName(),
            "All executors must run the same version of the job.");
      }
    }
  }

  /** What came from other executors' stages. */
  private final class Inbox implements HostedSlices.Inbox {

    @Override
    public Tensors await(Message.BetweenStages message) {
      return mail.take(message, stepDeadline, StageHost.this::throwIfDriverIsLost);
    }

    @Override
    public Optional<Map.Entry<Message.MirrorGradients, Tensors>> lastOf(int of, long step) {
      return mail.lastOf(of, step);
    }
  }

  /** Sends what stages of the run before these have left in this process. */
  private void sendKept(Message.SendKept wanted) throws InterruptedException {
    KeptSlices.left(wanted.run(), wanted.updates(), wanted.last(), stepDeadline)
        .forEach(
            left ->
                say(
                    new Message.SliceSent(left.getKey(), wanted.updates()),
                    SliceState.of(left.getValue()).pack()));
    say(new Message.KeptSent(), Tensors.none());
  }

  private HostedSlices kept() {
    return slices.orElseThrow(HostedSlices::areNotKept);
  }

  private void throwIfDriverIsLost() {
    if (lostDriver != null) {
      throw lostDriver;
    }
  }

  private void run(Message.RunStep step, Tensors tensors) {
    mail.dropBefore(step.context().step(), step.context().attempt());
    slices.ifPresent(kept -> kept.begin(step.context()));
    for (HostedStage hosted : runtime.stages()) {
      StageInput.take(hosted, tensors);
    }
    List<Action> mine = actions(step);
    List<Tensors> given = GivenColumns.unpack(tensors, step.context().microBatches());
    if (slices.isEmpty() && step.context().mode() == Mode.TRAINING) {
      GradientStream gradients = new GradientStream(this::say);
      runtime.begin(step.context(), mine, step.slices(), given, gradients);
      perform(mine, step.context(), gradients);
      StepAnswer.end(runtime, step.context(), gradients).forEach(this::answer);
      return;
    }
    runtime.begin(step.context(), mine, step.slices(), given);
    runtime.perform(mine);
    slices.ifPresent(kept -> kept.sum(step.context()));
    StepAnswer.Summed summed =
        slices.map(kept -> (StepAnswer.Summed) kept).orElse(StepAnswer.Summed.WHOLE);
    StepAnswer.end(runtime, step.context(), summed).forEach(this::answer);
  }

  /**
   * Performs the actions. The driver waits for gradients: what a stage has left of them when it is
   * done goes to it at once, beside what other stages here have still to do.
   */
  private void perform(List<Action> mine, StepContext context, GradientStream gradients) {
    Map<Integer, Integer> last = new HashMap<>();
    for (int i = 0; i < mine.size(); i++) {
      last.put(mine.get(i).stage(), i);
    }
    int done = 0;
    for (int end : last.values().stream().sorted().toList()) {
      runtime.perform(mine.subList(done, end + 1));
      answer(StepAnswer.end(runtime, mine.get(end).stage(), context, gradients));
      done = end + 1;
    }
  }

  private void answer(StepAnswer answer) {
    say(Message.StepDone.of(answer.report(), memoryNow()), answer.tensors());
  }

  private List<Action> actions(Message.RunStep step) {
    Schedule schedule =
        schedules.get(new ScheduleKey(step.schedule(), step.context().microBatches()));
    if (schedule == null) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "The driver named the schedule " + step.schedule() + ", which it had not sent",
          "All executors must run the same version of the job.");
    }
    return schedule.executors().get(index);
  }

  /** Asking the operating system costs as much as a small step: once a second is enough. */
  private ProcessMemory memoryNow() {
    long now = System.nanoTime();
    if (process == null || now - processAskedAt > MEMORY_INTERVAL_NANOS) {
      process = ProcessMemory.ofThisProcess();
      processAskedAt = now;
    }
    return process;
  }

  private StagecoachException report(StagecoachException failure) {
    StagecoachException placed = failure.at(here());
    LOG.error("{}", placed.getMessage(), placed);
    try {
      reachable(placed.kind()).ifPresent(peer -> tell(peer, placed));
    } catch (StagecoachException e) {
      LOG.debug("The driver could not be reached", e);
    }
    return placed;
  }

  private static void tell(Peer peer, StagecoachException failure) {
    try {
      say(
          peer,
          new Message.Failed(failure.kind(), failure.what(), failure.where(), failure.remedy()),
          Tensors.none());
    } catch (StagecoachException e) {
      LOG.debug("The driver could not be told", e);
    }
  }

  private Where here() {
    return Where.stage(stage).onExecutor(executor);
  }

  /**
   * The driver, if it is there. A connection that this side ended for want of memory is made again:
   * the driver would not know why.
   */
  private Optional<Peer> reachable(ErrorKind failure) {
    if (driver.isOpen()) {
      return Optional.of(driver);
    }
    return failure == ErrorKind.RESOURCE
        ? Optional.of(endpoint.connect(driverAt.host(), driverAt.port()))
        : Optional.empty();
  }

  private void say(Message message, Tensors tensors) {
    say(driver, message, tensors);
  }

  private static void say(Peer peer, Message message, Tensors tensors) {
    peer.send(MessageJson.control(message, tensors));
  }

  private void acknowledge(Message.MirrorGradients came) {
    try {
      say(new Message.Mirrored(came.stage(), came.step(), came.attempt()), Tensors.none());
    } catch (StagecoachException e) {
      LOG.debug("The driver could not be told of a slice's gradients", e);
    }
  }

  @Override
  public void message(Peer from, Control control) {
    try {
      Message message = MessageJson.read(control.body());
      if (message instanceof Message.BetweenStages between) {
        mail.put(between, control.tensors());
        if (between instanceof Message.MirrorGradients mirrored) {
          acknowledge(mirrored);
        }
      } else if (from == driver) {
        heard.add(new Heard(message, control.tensors()));
      } else {
        control.tensors().close();
        LOG.warn("{} sent what only the driver may: {}", from.name(), control.kind());
      }
    } catch (StagecoachException e) {
      control.tensors().close();
      if (from == driver) {
        lostDriver = e;
      } else {
        LOG.warn("{} sent what cannot be read", from.name(), e);
      }
    }
  }

  @Override
  public void lost(Peer from, StagecoachException why) {
    if (from == driver) {
      lostDriver = why;
    } else if (why.kind() == ErrorKind.RESOURCE && driver.isOpen()) {
      // The stages hear of it when they next look at their lanes, which may be long after the
      // neighbour has told the driver that it lost one.
      tell(driver, why.at(here()));
    }
  }

  @Override
  public void close() {
    if (heart != null) {
      heart.close();
    }
    try (memory;
        endpoint;
        mail) {
      // Gradients are sent from where the stages have them.
      endpoint.settle(LAST_WORDS);
      slices.ifPresent(HostedSlices::leave);
      if (runtime != null) {
        GpuClaims.memory().ifPresent(gpu -> LOG.info("At the end of the stages: {}", gpu));
        runtime.close();
      }
      for (Heard rest = heard.poll(); rest != null; rest = heard.poll()) {
        rest.tensors().close();
      }
    }
  }
}
