package io.stagecoach.spark.job;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.StepContext;
import io.stagecoach.spark.cluster.Message;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.job.progress.Progress;
import io.stagecoach.spark.job.progress.StepDone;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.WeightUpdates;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The step loop on the driver: says each step to the stages, waits at the gradient barrier,
 * updates, and measures the validation share after each epoch in the same resident pipeline. It
 * ends when its limits are reached, or validation gets no better.
 */
final class TrainingLoop {

  /**
   * When the loop ends.
   *
   * @param epochs how many epochs
   * @param maxSteps how many steps at most; 0 for no limit
   * @param maxDuration how long at most; zero for no limit
   */
  record Limits(int epochs, long maxSteps, Duration maxDuration) {

    /** How many steps the loop takes, unless its time is over before. */
    long steps(long perEpoch) {
      long planned = Math.multiplyExact(perEpoch, epochs);
      return maxSteps > 0 ? Math.min(planned, maxSteps) : planned;
    }
  }

  /**
   * What the loop did.
   *
   * @param steps steps of the run that ended, skipped ones among them, and those before it went on
   * @param epochs epochs that were gone through whole
   * @param lastLoss the last step's loss for each label
   * @param examplesPerSecond examples trained on for each second of this loop, validation left out
   * @param validation what the last validation found, if there was one
   */
  record Result(
      long steps,
      int epochs,
      double lastLoss,
      double examplesPerSecond,
      Optional<Loss> validation) {}

  /**
   * Where the loop begins.
   *
   * @param position the first step that it takes is the one behind this
   * @param lastLoss the loss of the step before; NaN before the first
   */
  record Start(Position position, double lastLoss) {

    /** At the first step. */
    static Start first() {
      return new Start(Position.START, Double.NaN);
    }
  }

  /** Hears of each mini-batch whose last step has ended. */
  interface MiniBatchListener {

    /** All of it is in the weights. */
    void miniBatchEnded(Position position);
  }

  private final Pipeline pipeline;
  private final WeightUpdates updates;
  private final String schedule;
  private final MicroBatches batches;
  private final int blocks;
  private final TimeSegments segments;
  private final Validation evaluation;
  private final ValidationWatch watch;
  private final StepListener listener;
  private final MiniBatchListener miniBatches;
  private final Progress progress;
  private final BooleanSupplier stop;
  private final LongSupplier nanoClock;
  private boolean weightsChanged = true;

  /** Hears of each step that has ended. */
  interface StepListener {

    /**
     * A step has ended.
     *
     * @param step its index
     * @param outcome what the synchronizer decided
     * @param parts what each stage did; closed after this call
     * @param times what the driver's part of it took
     */
    void stepEnded(long step, StepOutcome outcome, List<StagePart> parts, DriverTimes times);

    /**
     * The validation share was measured.
     *
     * @param step the index of the last step before it
     * @param found what was found
     */
    void validated(long step, Loss found);
  }

  /**
   * What a step took on the driver, in nanoseconds.
   *
   * @param tell sending weights and orders
   * @param await from then until all gradients were there
   * @param update what is left of norm and clipping when the last gradients are there, and the
   *     update, which is made stage by stage while weights are sent
   */
  record DriverTimes(long tell, long await, long update) {

    long total() {
      return tell + await + update;
    }
  }

  /**
   * @param schedule the name of the schedule that the pipeline has
   * @param batches how the examples are cut
   * @param blocks in how many blocks a mini-batch's micro-batches are summed
   */
  TrainingLoop(
      Pipeline pipeline,
      WeightUpdates updates,
      String schedule,
      MicroBatches batches,
      int blocks,
      TimeSegments segments,
      Validation evaluation,
      ValidationWatch watch,
      StepListener listener,
      MiniBatchListener miniBatches,
      Progress progress,
      BooleanSupplier stop,
      LongSupplier nanoClock) {
    this.pipeline = pipeline;
    this.updates = updates;
    this.schedule = schedule;
    this.batches = batches;
    this.blocks = blocks;
    this.segments = segments;
    this.evaluation = evaluation;
    this.watch = watch;
    this.listener = listener;
    this.miniBatches = miniBatches;
    this.progress = progress;
    this.stop = stop;
    this.nanoClock = nanoClock;
  }

  /**
   * Trains.
   *
   * @param firstEpoch how many epochs the model had seen when the run began
   * @param start how far the run is
   */
  Result run(int firstEpoch, Start start, Limits limits) {
    long perEpoch = batches.steps() * segments.count();
    long total = limits.steps(perEpoch);
    long begin = nanoClock.getAsLong();
    long step = start.position().step();
    progress.start(step, total, limits.epochs());
    Optional<Loss> validation = Optional.empty();
    long examples = 0;
    long trainingNanos = 0;
    double loss = start.lastLoss();
    int epochs = start.position().epoch();
    long inEpoch = Math.min(perEpoch, start.position().stepInEpoch() * segments.count());
    boolean more = step < total;
    // Where a run was interrupted behind an epoch's last step, its validation is still to come.
    while (more || inEpoch > 0) {
      int epoch = firstEpoch + epochs;
      while (more && inEpoch < perEpoch) {
        List<Slice> slices = batches.slices(Split.TRAINING, epoch, inEpoch / segments.count());
        int segment = (int) (inEpoch % segments.count());
        long stepBegin = nanoClock.getAsLong();
        StepOutcome outcome = step(step, epoch, segment, slices);
        long took = nanoClock.getAsLong() - stepBegin;
        trainingNanos += took;
        examples += segment == 0 ? outcome.loss().examples() : 0;
        loss = outcome.lossPerLabel();
        step++;
        inEpoch++;
        progress.step(
            new StepDone(
                step,
                epochs + 1,
                loss,
                outcome.loss().examples() / (segments.count() * took / 1e9)));
        more = step < total && !outOfTime(begin, limits.maxDuration());
        if (inEpoch % segments.count() == 0) {
          miniBatches.miniBatchEnded(new Position(step, epochs, inEpoch / segments.count(), 0));
          more = more && !stop.getAsBoolean();
        }
      }
      if (inEpoch == perEpoch) {
        epochs++;
      }
      if (stop.getAsBoolean()) {
        break;
      }
      inEpoch = 0;
      validation = evaluation.run(updates.updates(), this::weights);
      weightsChanged = evaluation.isEmpty() && weightsChanged;
      if (validation.isPresent()) {
        Loss found = validation.get();
        double mean = found.sum() / found.timeSteps();
        progress.validation(epochs, mean, evaluation.measures(found));
        listener.validated(step - 1, found);
        watch.validated(epochs, step, mean);
      }
      more = more && !watch.isOver();
    }
    return new Result(step, epochs, loss, examples / (trainingNanos / 1e9), validation);
  }

  private boolean outOfTime(long begin, Duration limit) {
    return !limit.isZero() && nanoClock.getAsLong() - begin >= limit.toNanos();
  }

  private StepOutcome step(long step, int epoch, int segment, List<Slice> slices) {
    List<Slice> timed =
        slices.stream().map(slice -> segments.segments().get(segment).of(slice)).toList();
    long update = updates.updates();
    StepContext context =
        new StepContext(
            update,
            pipeline.nextAttempt(update),
            epoch,
            timed.size(),
            blocks,
            Mode.TRAINING,
            segment > 0);
    long start = nanoClock.getAsLong();
    long updated = updates.updateNanos();
    pipeline.tell(Order.of(new Message.RunStep(context, schedule, timed), this::weights));
    long told = nanoClock.getAsLong();
    long whileTold = updates.updateNanos() - updated;
    int stages = pipeline.stages().size();
    List<StagePart> parts = pipeline.await(updates.arrivals(stages));
    long arrived = nanoClock.getAsLong();
    try {
      StepOutcome outcome = updates.commit(step, epoch, parts);
      weightsChanged = !outcome.skipped();
      listener.stepEnded(
          step,
          outcome,
          parts,
          new DriverTimes(
              told - start - whileTold,
              arrived - told,
              nanoClock.getAsLong() - arrived + whileTold));
      return outcome;
    } finally {
      parts.forEach(StagePart::close);
    }
  }

  /** The weights that a stage must be sent: none where it has them. */
  private Optional<INDArray> weights(int stage) {
    INDArray weights = updates.weights(stage);
    return weightsChanged && !weights.isEmpty() ? Optional.of(weights) : Optional.empty();
  }
}
