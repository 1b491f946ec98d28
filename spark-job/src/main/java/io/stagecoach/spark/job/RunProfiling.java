package io.stagecoach.spark.job;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.profile.DeviceTimes;
import io.stagecoach.engine.profile.HopTimes;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PairTimes;
import io.stagecoach.engine.profile.RunProfile;
import io.stagecoach.plan.ModelCosts;
import io.stagecoach.spark.cluster.AskedDevices;
import io.stagecoach.spark.cluster.DeviceProbing;
import io.stagecoach.spark.cluster.FirstSeats;
import io.stagecoach.spark.cluster.HopProbe;
import io.stagecoach.spark.cluster.LayerProfiling;
import io.stagecoach.spark.cluster.PipelineSpec;
import io.stagecoach.spark.cluster.Recovery;
import java.time.Duration;
import java.util.List;

/**
 * Measures, before a run's first step, what the pipeline is to be chosen from: layers with the
 * run's own examples, hops, and how the executors compare, on the run's executors.
 */
final class RunProfiling {

  /** About how long layers may take; hops are few. */
  private static final Duration LAYERS = Duration.ofSeconds(15);

  private static final Duration HOPS = Duration.ofSeconds(3);

  /** Of several chains of executors, each. */
  private static final Duration CHAIN = Duration.ofMillis(1_500);

  /** The same work everywhere shows soon who is slower, once Java has compiled it. */
  private static final Duration DEVICES = Duration.ofSeconds(2);

  private static final Duration DEVICES_WARM_UP = Duration.ofSeconds(12);

  /**
   * What of the executors is compared.
   *
   * @param layers what they take for the same layers
   * @param hops what hops take between each two of them
   */
  record Comparison(boolean layers, boolean hops) {}

  private final PipelineSpec pipeline;
  private final Recovery recovery;
  private final long trainingRows;
  private final TimeSegments.Segment segment;

  /**
   * @param pipeline any pipeline of the model
   * @param recovery how often it may begin anew when executors are lost
   * @param trainingRows how many examples there are
   * @param segment the time steps that one step takes of an example
   */
  RunProfiling(
      PipelineSpec pipeline, Recovery recovery, long trainingRows, TimeSegments.Segment segment) {
    this.pipeline = pipeline;
    this.recovery = recovery;
    this.trainingRows = trainingRows;
    this.segment = segment;
  }

  /**
   * Measures.
   *
   * @param batchSize the examples of a mini-batch
   * @param rows the sizes of micro-batches, ascending
   * @param model the layers for the largest of them
   * @param comparison what of the executors is compared too
   */
  RunProfile measure(int batchSize, List<Integer> rows, ModelCosts model, Comparison comparison) {
    long start = System.nanoTime();
    List<Slice> slices =
        rows.stream()
            .map(size -> (int) Math.min(size, trainingRows))
            .distinct()
            .map(size -> segment.of(Slice.of(Slice.Split.TRAINING, 0, 0, size)))
            .toList();
    // Before one of them alone has Java compile the layers.
    List<DeviceTimes> devices =
        comparison.layers()
            ? DeviceProbing.measure(
                pipeline, model.size(), slices.get(slices.size() / 2), DEVICES_WARM_UP, DEVICES)
            : List.of();
    LayerTimes layers = LayerProfiling.measure(pipeline, model.size(), slices, LAYERS);
    RunProfile profile = new RunProfile(batchSize, model, layers, HopTimes.NONE, 0).on(devices);
    List<String> executors = comparison.hops() ? seats(devices) : List.of();
    List<PairTimes> pairs =
        executors.isEmpty()
            ? List.of()
            : HopProbe.measurePairs(pipeline, recovery, executors, profile.largestHop(), CHAIN);
    HopTimes hops =
        pairs.isEmpty()
            ? HopProbe.measure(pipeline, recovery, profile.largestHop(), HOPS)
            : HopTimes.mean(pairs.stream().map(PairTimes::hop).toList());
    return new RunProfile(batchSize, model, layers, hops, (System.nanoTime() - start) / 1e9)
        .on(devices)
        .between(pairs)
        .with(AskedDevices.of(pipeline.spark().sc()).rooms());
  }

  /** Spark's ids of those that are to have the places; none where pins are not kept. */
  private List<String> seats(List<DeviceTimes> devices) {
    return FirstSeats.of(
            pipeline.pins().needing(List.of()),
            pipeline.executors(),
            DeviceTimes.differ(devices)
                ? devices
                : FirstSeats.notCompared(
                    pipeline.spark(), pipeline.executors(), pipeline.deadlines().launch()))
        .stream()
        .map(DeviceTimes::executor)
        .toList();
  }
}
