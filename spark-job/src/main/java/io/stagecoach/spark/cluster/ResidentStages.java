package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Action;
import io.stagecoach.spark.exchange.ShuffleHops;
import io.stagecoach.spark.exchange.ShuffledHop;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.stage.ExecutorRuntime;
import io.stagecoach.stage.HostedStage;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
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
  private ExecutorRuntime runtime;
  private StepContext step;

  /** The columns that came with the order for this step, which its stages read until it ends. */
  private Tensors came = Tensors.none();

  private int nextTick;

  private ResidentStages(long messageLimit, WireType wireType) {
    this.bytes = new ArrowBytes(memory, messageLimit);
    this.hops = new ShuffleHops(memory, messageLimit, wireType);
  }

  /**
   * Builds stages; those of the same run that were here are closed.
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
    close(run);
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

  /** Closes the stages of a run, if they are here. */
  static void close(UUID run, int executor) {
    ResidentStages stages = RESIDENT.remove(new Key(run, executor));
    if (stages != null) {
      stages.close();
    }
  }

  /** Closes all stages of a run that are here. */
  static void close(UUID run) {
    RESIDENT.keySet().stream()
        .filter(key -> key.run().equals(run))
        .forEach(key -> close(run, key.executor()));
  }

  /**
   * Begins a step: abandons another one, and takes new weights and given columns.
   *
   * @param actions what is to be performed in all its ticks
   * @param weights of the stages, as an Arrow stream; empty where they are as before
   * @param given the columns of the micro-batches, likewise; empty where the batch store has them
   */
  void begin(
      StepContext context, List<Action> actions, List<Slice> slices, byte[] weights, byte[] given) {
    onOwnThread(
        "the start of the step",
        () -> {
          if (step != null && !isAfter(context, step)) {
            throw stale("step " + context.step() + ", attempt " + context.attempt());
          }
          hops.drop();
          step = context;
          nextTick = 0;
          try (Tensors changed = bytes.decode(weights)) {
            for (HostedStage stage : runtime.stages()) {
              StageInput.take(stage, changed);
            }
          }
          came.close();
          came = bytes.decode(given);
          runtime.begin(
              context, actions, slices, GivenColumns.unpack(came, context.microBatches()));
          return null;
        });
  }

  private static boolean isAfter(StepContext context, StepContext before) {
    return context.step() > before.step()
        || (context.step() == before.step() && context.attempt() > before.attempt());
  }

  /**
   * Does what a tick asks for.
   *
   * @param tick its number, from 0
   * @param arrived what came with it; owned by this from here on
   * @return what is to go out, for the caller to own
   */
  List<ShuffledHop.Outgoing> tick(
      StepContext context, int tick, List<ShuffledHop.Incoming> arrived, List<Action> run) {
    return onOwnThread(
        "a tick",
        () -> {
          arrived.forEach(hops::arrived);
          if (!context.equals(step) || tick != nextTick) {
            hops.drop();
            throw stale("tick " + tick + " of step " + context.step());
          }
          nextTick++;
          try {
            runtime.perform(run);
            return hops.takeOutgoing();
          } catch (RuntimeException | Error e) {
            hops.drop();
            throw e;
          }
        });
  }

  /**
   * Ends the step.
   *
   * @return of each stage, in order, its message as JSON and its tensors as an Arrow stream
   */
  List<byte[]> end(ProcessMemory process) {
    return onOwnThread(
        "the end of the step",
        () -> {
          List<byte[]> results = new ArrayList<>();
          for (StepAnswer answer : StepAnswer.end(runtime, step, StepAnswer.Summed.WHOLE)) {
            results.add(MessageJson.write(Message.StepDone.of(answer.report(), process)));
            results.add(bytes.encode(answer.tensors()));
          }
          came.close();
          came = Tensors.none();
          return results;
        });
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
    try (memory) {
      onOwnThread(
          "the end of the stages",
          () -> {
            came.close();
            try (bytes) {
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
}
