package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.spark.exchange.ShuffleHops;
import io.stagecoach.spark.exchange.ShuffleInput;
import io.stagecoach.spark.exchange.ShuffleOutput;
import io.stagecoach.spark.exchange.ShuffledHop;
import io.stagecoach.spark.exchange.ShuffledLetter;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.GradientListener;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.sync.StepDecision;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The stages that live on an executor between the ticks of a run, where no task holds them. What a
 * tick may do is decided by step, attempt and the number of the tick, so that one that comes late,
 * twice or out of turn changes nothing.
 *
 * <p>Spark runs each task on whatever thread is free; stages are bound to one, which is theirs.
 */
final class ResidentStages implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ResidentStages.class);

  private record Key(UUID run, int executor) {}

  private static final Map<Key, ResidentStages> RESIDENT = new ConcurrentHashMap<>();

  private final BufferAllocator memory = new RootAllocator();
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread own = new Thread(work, "stagecoach-stages");
            own.setDaemon(true);
            return own;
          });
  private final ArrowBytes bytes;
  private final ShuffleHops hops;
  private final long messageLimit;
  private ExecutorRuntime runtime;
  private Optional<Keeping> keeping = Optional.empty();
  private StepContext step;
  private StepOrder order;

  /** The weights that came with the order for this step, until it begins. */
  private Tensors weights = Tensors.none();

  /** The columns that came with it, which its stages read until it ends. */
  private Tensors came = Tensors.none();

  private int nextTick;
  private List<byte[]> results = List.of();

  /** Where the stages keep their weights: these, and what is said of them between executors. */
  private record Keeping(HostedSlices slices, ShuffledMail mail) {}

  /**
   * What is to be done in all ticks of a step.
   *
   * @param heardNanos when it came
   */
  private record StepOrder(
      List<Action> actions, List<Slice> slices, List<StepDecision> decision, long heardNanos) {}

  private ResidentStages(long messageLimit, WireType wireType) {
    this.messageLimit = messageLimit;
    this.bytes = new ArrowBytes(memory, messageLimit);
    this.hops = new ShuffleHops(memory, messageLimit, wireType);
  }

  /**
   * Builds stages; those of the same run that were here end, and leave the weights that they have
   * kept.
   *
   * @param messageLimit the longest message, in bytes
   * @param wireType as what floats travel between stages
   * @param build builds them, on their own thread
   */
  static void open(
      UUID run,
      int executor,
      long messageLimit,
      WireType wireType,
      Supplier<List<HostedStage>> build) {
    leave(run);
    ResidentStages stages = new ResidentStages(messageLimit, wireType);
    try {
      stages.onOwnThread(
          "the building of the stages",
          () -> {
            stages.runtime =
                new ExecutorRuntime(executor, build.get(), stages.hops, System::nanoTime);
            return null;
          });
    } catch (RuntimeException | Error e) {
      stages.close();
      throw e;
    }
    RESIDENT.put(new Key(run, executor), stages);
  }

  /** The stages of a run that are here. */
  static ResidentStages of(UUID run, int executor) {
    ResidentStages stages = RESIDENT.get(new Key(run, executor));
    if (stages == null) {
      throw new StagecoachException(
          ErrorKind.EXECUTOR_LOST,
          "The stages of executor " + executor + " are not here any more",
          Where.nowhere(),
          "The executor was replaced by a new one.",
          null);
    }
    return stages;
  }

  /** Closes all stages of a run that are here, with the weights that they have kept. */
  static void close(UUID run) {
    all(run).forEach(ResidentStages::close);
  }

  /**
   * Closes all stages of a run that are here, but for the weights that they have kept: these stay
   * in the process for the stages that are placed next.
   */
  static void leave(UUID run) {
    all(run).forEach(stages -> stages.end(HostedSlices::leave));
  }

  /** Takes those of a run. */
  private static List<ResidentStages> all(UUID run) {
    return RESIDENT.keySet().stream()
        .filter(key -> key.run().equals(run))
        .map(RESIDENT::remove)
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * Has the stages keep their weights themselves.
   *
   * @param engine what they were built by
   * @param specs what they were built from
   */
  void keep(Message.KeepSlices slices, String engine, List<StageSpec> specs) {
    onOwnThread(
        "the stages' own weights",
        () -> {
          Set<Integer> here =
              specs.stream().map(StageSpec::stage).collect(Collectors.toUnmodifiableSet());
          ShuffledMail mail = new ShuffledMail(here, memory, messageLimit);
          try {
            keeping =
                Optional.of(
                    new Keeping(
                        HostedSlices.keep(runtime.stages(), engine, specs, slices, mail, mail),
                        mail));
          } catch (RuntimeException | Error e) {
            mail.close();
            throw e;
          }
          return null;
        });
  }

  /**
   * A stage that is here, or mirrored here, goes on from what the driver has.
   *
   * @param state weights and updater state, as an Arrow stream
   */
  void take(int stage, long updates, byte[] state) {
    onOwnThread(
        "the weights of stage " + stage,
        () -> {
          try (SliceState taken = SliceState.unpack(bytes.decode(state))) {
            kept().take(stage, updates, taken);
          }
          return null;
        });
  }

  /**
   * What the stages have, when they have followed a decision.
   *
   * @param decision the last one; none where there was none
   * @return of each, in order, its message as JSON and its tensors as an Arrow stream
   */
  List<byte[]> send(List<StepDecision> decision) {
    return onOwnThread(
        "the weights of the stages",
        () -> {
          HostedSlices kept = kept();
          follow(kept, decision);
          List<byte[]> sent = new ArrayList<>();
          kept.states()
              .forEach(
                  (stage, state) -> {
                    sent.add(MessageJson.write(new Message.SliceSent(stage, kept.updates(stage))));
                    sent.add(bytes.encode(state.pack()));
                  });
          return sent;
        });
  }

  private HostedSlices kept() {
    return keeping.map(Keeping::slices).orElseThrow(HostedSlices::areNotKept);
  }

  /**
   * Begins a step: abandons another one, and takes what came with the order.
   *
   * @param actions what is to be performed in all its ticks
   * @param sent what is new
   */
  void begin(StepContext context, List<Action> actions, List<Slice> slices, TickTask.Sent sent) {
    byte[] newWeights = sent.weights().bytes();
    byte[] given = sent.given().bytes();
    onOwnThread(
        "the start of the step",
        () -> {
          if (step != null && !isAfter(context, step)) {
            throw stale("step " + context.step() + ", attempt " + context.attempt());
          }
          drop();
          step = context;
          nextTick = 0;
          results = List.of();
          weights.close();
          came.close();
          weights = bytes.decode(newWeights);
          came = bytes.decode(given);
          order =
              new StepOrder(
                  List.copyOf(actions), List.copyOf(slices), sent.decision(), System.nanoTime());
          return null;
        });
  }

  private static boolean isAfter(StepContext context, StepContext before) {
    return context.step() > before.step()
        || (context.step() == before.step() && context.attempt() > before.attempt());
  }

  /** Closes what an abandoned step has under way. */
  private void drop() {
    hops.drop();
    keeping.ifPresent(kept -> kept.mail().dropOutgoing());
  }

  /**
   * Does what a tick asks for.
   *
   * @param tick its number, from 0
   * @param arrived what came with it; owned by this from here on
   * @param parts what is to be done, in order
   * @param run what of the schedule is to be performed among it
   * @return what is to go out, for the caller to own
   */
  List<ShuffleOutput> tick(
      StepContext context,
      int tick,
      List<ShuffleInput> arrived,
      List<StepPart> parts,
      List<Action> run) {
    return onOwnThread(
        "a tick",
        () -> {
          arrived.forEach(this::arrived);
          if (!context.equals(step) || tick != nextTick) {
            drop();
            throw stale("tick " + tick + " of step " + context.step());
          }
          nextTick++;
          try {
            for (StepPart part : parts) {
              perform(part, run);
            }
            List<ShuffleOutput> out = new ArrayList<>(hops.takeOutgoing());
            keeping.ifPresent(kept -> out.addAll(kept.mail().takeOutgoing()));
            return out;
          } catch (RuntimeException | Error e) {
            drop();
            throw e;
          }
        });
  }

  private void arrived(ShuffleInput input) {
    if (input instanceof ShuffledHop.Incoming hop) {
      hops.arrived(hop);
    } else if (input instanceof ShuffledLetter.Incoming letter) {
      keeping.ifPresentOrElse(kept -> kept.mail().arrived(letter), letter::close);
    }
  }

  private void perform(StepPart part, List<Action> run) {
    switch (part) {
      case BEGIN -> beginStep();
      case PASS -> runtime.perform(run);
      case END -> endStep();
      default -> keeping.ifPresent(kept -> perform(part, kept.slices()));
    }
  }

  private void perform(StepPart part, HostedSlices slices) {
    switch (part) {
      case FOLLOW -> follow(slices, order.decision());
      case SEND_WEIGHTS -> slices.sendWeights();
      case SHARE -> slices.share(step);
      case REDUCE -> slices.reduce(step);
      case ADD_USES -> slices.addUses(step);
      default -> throw new IllegalStateException(part + " is not about slices");
    }
  }

  /** Who waits for the weights is sent them in a tick of the next step. */
  private static void follow(HostedSlices slices, List<StepDecision> decision) {
    decision.forEach(one -> slices.follow(one, stage -> {}));
  }

  private void beginStep() {
    keeping.ifPresent(
        kept -> {
          kept.mail().dropBefore(step.step(), step.attempt());
          kept.slices().begin(step);
        });
    for (HostedStage stage : runtime.stages()) {
      StageInput.take(stage, weights);
    }
    weights.close();
    weights = Tensors.none();
    runtime.begin(
        step,
        order.actions(),
        order.slices(),
        GivenColumns.unpack(came, step.microBatches()),
        GradientListener.NONE,
        order.heardNanos());
  }

  private void endStep() {
    ProcessMemory process = ProcessMemory.ofThisProcess();
    List<byte[]> said = new ArrayList<>();
    for (StepAnswer answer :
        StepAnswer.end(
            runtime,
            step,
            keeping
                .map(kept -> (StepAnswer.Summed) kept.slices())
                .orElse(StepAnswer.Summed.WHOLE))) {
      said.add(MessageJson.write(Message.StepDone.of(answer.report(), process)));
      said.add(bytes.encode(answer.tensors()));
    }
    came.close();
    came = Tensors.none();
    results = said;
  }

  /**
   * What the step came to, once it has ended.
   *
   * @return of each stage, in order, its message as JSON and its tensors as an Arrow stream
   */
  List<byte[]> results() {
    return onOwnThread("the end of the step", () -> results);
  }

  private static StagecoachException stale(String what) {
    return new StagecoachException(ErrorKind.PEER, "A task came late or out of turn: " + what, "");
  }

  private <T> T onOwnThread(String during, Callable<T> work) {
    Future<T> done = thread.submit(work);
    try {
      return done.get();
    } catch (InterruptedException e) {
      done.cancel(true);
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The step was cancelled", Where.nowhere(), "", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw MemoryShortage.typed(during, Where.nowhere(), e.getCause())
          .orElseGet(
              () ->
                  new StagecoachException(
                      ErrorKind.INTERNAL,
                      "The stage failed: " + e.getCause(),
                      Where.nowhere(),
                      "The executor's log has the stack trace.",
                      e.getCause()));
    }
  }

  @Override
  public void close() {
    end(HostedSlices::close);
  }

  /**
   * Ends.
   *
   * @param last what becomes of the weights that the stages have kept
   */
  private void end(Consumer<HostedSlices> last) {
    try (memory) {
      onOwnThread(
          "the end of the stages",
          () -> {
            weights.close();
            came.close();
            try (bytes) {
              keeping.ifPresent(kept -> end(kept, last));
              if (runtime != null) {
                GpuClaims.memory().ifPresent(gpu -> LOG.info("At the end of the stages: {}", gpu));
                runtime.close();
              } else {
                hops.close();
              }
            }
            return null;
          });
    } finally {
      thread.shutdownNow();
    }
  }

  private static void end(Keeping kept, Consumer<HostedSlices> last) {
    try (ShuffledMail mail = kept.mail()) {
      mail.dropOutgoing();
      last.accept(kept.slices());
    }
  }
}
