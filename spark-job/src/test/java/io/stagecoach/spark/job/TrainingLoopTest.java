package io.stagecoach.spark.job;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.Slice;
import io.stagecoach.checkpoint.Position;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ModelUpdater;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.Kind;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.report.BestFigures;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.spark.cluster.Order;
import io.stagecoach.spark.cluster.Pipeline;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.spark.cluster.StageAddress;
import io.stagecoach.spark.config.ProgressStyle;
import io.stagecoach.spark.job.progress.Progress;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.GradientWeight;
import io.stagecoach.sync.StagePart;
import io.stagecoach.sync.StepOutcome;
import io.stagecoach.sync.SyncSettings;
import io.stagecoach.sync.Synchronizer;
import io.stagecoach.tensor.Tensors;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The loop's end by validation: 5 steps an epoch of a model with one weight. */
class TrainingLoopTest {

  private static final int STEPS = 5;
  private static final ParameterLayout LAYOUT =
      new ParameterLayout(List.of(new View("W", 0, 1, Kind.TRAINABLE)));

  /** Its weight is the number of its updates. */
  private static final class Counting implements ModelUpdater {
    private final INDArray weights = Nd4j.zeros(DataType.DOUBLE, 1);

    @Override
    public ParameterLayout parameterLayout() {
      return LAYOUT;
    }

    @Override
    public ParameterLayout stageLayout(int firstLayer, int endLayer) {
      return LAYOUT;
    }

    @Override
    public INDArray parameters() {
      return weights;
    }

    @Override
    public void update(INDArray gradients, long divisor, long iteration, int epoch) {
      weights.addi(1);
    }
  }

  /** One stage, which takes each step at once. */
  private static final class Ready implements Pipeline {

    @Override
    public List<StageAddress> stages() {
      return List.of();
    }

    @Override
    public Map<Integer, ProcessMemory> memory() {
      return Map.of();
    }

    @Override
    public int nextAttempt(long step) {
      return 0;
    }

    @Override
    public void use(ScheduleAuthor author) {
      throw new AssertionError(author);
    }

    @Override
    public void tell(Order order) {
      assertThat(order.step().slices()).isNotEmpty();
    }

    @Override
    public List<StagePart> await(GradientArrivals arrivals) {
      return List.of(
          new StagePart(
              new StageStep(
                  0, 0, 0, 0, new Loss(2, 2, 2, List.of()), 2, 0, 0, List.of(), Traffic.none(), 0),
              Tensors.of(StagePart.GRADIENTS, Nd4j.zeros(DataType.DOUBLE, 1))));
    }

    @Override
    public void abandon() {
      throw new AssertionError("nothing has failed");
    }

    @Override
    public void close() {}
  }

  /** Measures what the test says, and notes the weight that it measured. */
  private static final class Scripted implements Validation {
    private final double[] losses;
    private final List<Double> measured = new ArrayList<>();
    private final INDArray weights;
    private int next;

    Scripted(INDArray weights, int next, double... losses) {
      this.weights = weights;
      this.next = next;
      this.losses = losses;
    }

    @Override
    public Map<String, Double> measures(Loss loss) {
      return Map.of();
    }

    @Override
    public boolean isEmpty() {
      return false;
    }

    @Override
    public Optional<Loss> run(long step, IntFunction<Optional<INDArray>> unsent) {
      assertThat(unsent.apply(0)).as("the weights of the last step").isPresent();
      measured.add(weights.getDouble(0));
      return Optional.of(new Loss(4 * losses[next++], 4, 4, List.of()));
    }
  }

  private final Counting model = new Counting();
  private final List<BestFigures> better = new ArrayList<>();

  /** Nobody listens to steps here. */
  private static final class Unheard implements TrainingLoop.StepListener {

    @Override
    public void stepEnded(
        long step, StepOutcome outcome, List<StagePart> parts, TrainingLoop.DriverTimes times) {}

    @Override
    public void validated(long step, Loss found) {}
  }

  private TrainingLoop.Result run(
      Validation validation, ValidationWatch watch, Position from, int epochs) {
    MicroBatches batches = new MicroBatches(2L * STEPS, 2, 1);
    try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
        Synchronizer synchronizer =
            new Synchronizer(
                model,
                List.of(LAYOUT),
                from.step(),
                new SyncSettings(GradientWeight.EXAMPLES, 0, 0));
        Progress progress = Progress.of(ProgressStyle.NONE, nowhere)) {
      return new TrainingLoop(
              new Ready(),
              synchronizer,
              "1f1b",
              batches,
              1,
              new TimeSegments(List.of(new TimeSegments.Segment(0, Slice.WHOLE))),
              validation,
              watch,
              new Unheard(),
              position -> {},
              progress,
              () -> false,
              System::nanoTime)
          .run(
              0,
              new TrainingLoop.Start(from, Double.NaN),
              new TrainingLoop.Limits(epochs, 0, Duration.ZERO));
    }
  }

  @Test
  void endsWhenValidationGetsNoBetter() {
    Scripted validation = new Scripted(model.weights, 0, 0.9, 0.5, 0.6, 0.55, 0.1);

    TrainingLoop.Result result =
        run(
            validation,
            new ValidationWatch(2, 0, BestFigures.none(), better::add),
            Position.START,
            9);

    assertThat(result.epochs()).isEqualTo(4);
    assertThat(result.steps()).isEqualTo(4 * STEPS);
    assertThat(result.validation().orElseThrow().sum()).isEqualTo(4 * 0.55);
    assertThat(validation.measured).containsExactly(5.0, 10.0, 15.0, 20.0);
    assertThat(better).containsExactly(new BestFigures(1, 5, 0.9), new BestFigures(2, 10, 0.5));
  }

  /** The checkpoint is of the middle of epoch 4; what came before is in its report. */
  @Test
  void aRunThatGoesOnEndsWhereItWouldHaveEnded() {
    Scripted validation = new Scripted(model.weights, 3, 0.9, 0.5, 0.6, 0.55, 0.1);

    TrainingLoop.Result result =
        run(
            validation,
            new ValidationWatch(2, 0, new BestFigures(2, 10, 0.5), better::add),
            new Position(17, 3, 2, 0),
            9);

    assertThat(result.epochs()).isEqualTo(4);
    assertThat(result.steps()).isEqualTo(4 * STEPS);
    assertThat(better).isEmpty();
  }

  @Test
  void goesThroughAllEpochsWithoutPatience() {
    Scripted validation = new Scripted(model.weights, 0, 0.9, 0.9, 0.9, 0.9);

    assertThat(
            run(
                    validation,
                    new ValidationWatch(0, 0, BestFigures.none(), better::add),
                    Position.START,
                    4)
                .epochs())
        .isEqualTo(4);
  }
}
