package io.stagecoach.spark.cluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.batch.MicroBatchSource;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StageEngines;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.profile.LayerProfiler;
import io.stagecoach.engine.profile.LayerTimes;
import io.stagecoach.engine.profile.PassTimes;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.spark.gpu.GpuRule;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Measures a model's layers on an executor, in a Spark job of one ordinary task, before a pipeline
 * holds the executors: what the driver's machine takes says nothing of them.
 */
public final class LayerProfiling implements Serializable {

  private static final long serialVersionUID = 1L;

  /** What the task gives back goes as text, whatever serializer the application has. */
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final String engine;
  private final String model;
  private final int layers;
  private final long seed;
  private final StoreAccess store;
  private final ArrayList<Slice> slices;
  private final Duration budget;
  private final SerializableConfiguration hadoop;

  /** What {@link #measure} runs on an executor. */
  LayerProfiling(PipelineSpec pipeline, int layers, List<Slice> slices, Duration budget) {
    StageSpec any = pipeline.stages().get(0);
    this.engine = pipeline.engine();
    this.model = any.model();
    this.layers = layers;
    this.seed = any.seed();
    this.store = pipeline.store();
    this.slices = new ArrayList<>(slices);
    this.budget = budget;
    this.hadoop = new SerializableConfiguration(pipeline.spark().hadoopConfiguration());
  }

  /**
   * Measures.
   *
   * @param pipeline the pipeline whose model it is, on whose executors
   * @param layers how many layers the model has
   * @param slices the examples of a micro-batch, one for each size, ascending
   * @param budget about how long it may take
   * @throws StagecoachException CLUSTER where there are too few executors, or whatever a layer
   *     fails with
   */
  public static LayerTimes measure(
      PipelineSpec pipeline, int layers, List<Slice> slices, Duration budget) {
    GpuRule rule = GpuRule.of(pipeline.spark().sc());
    ExecutorSlots.await(
        pipeline.spark(), pipeline.executors(), rule, pipeline.deadlines().launch());
    LayerProfiling task = new LayerProfiling(pipeline, layers, slices, budget);
    pipeline.spark().setJobDescription("Stagecoach: measuring the layers");
    try {
      JavaRDD<String> measured = pipeline.spark().parallelize(List.of(0), 1).map(any -> task.run());
      rule.on(measured.rdd());
      String json = measured.first();
      return MAPPER.readValue(json, LayerTimes.class);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("layer times are not JSON", e);
    } catch (Exception e) {
      throw typed(e);
    } finally {
      pipeline.spark().setJobDescription(null);
    }
  }

  private String run() throws JsonProcessingException {
    Map<Integer, Slice> bySize = new TreeMap<>();
    slices.forEach(slice -> bySize.put(slice.rows(), slice));
    return MAPPER.writeValueAsString(
        here(profiler -> profiler.profile(List.copyOf(bySize.keySet()), bySize::get, budget)));
  }

  /**
   * What all layers take together on the executor that this is called on.
   *
   * @param slice the examples of a micro-batch
   */
  PassTimes averageHere(Slice slice, Duration warmUp) {
    return here(profiler -> profiler.average(slice, warmUp, budget));
  }

  private <T> T here(Function<LayerProfiler, T> measure) {
    // What is measured on another device than the stages will have says nothing of them.
    GpuClaims.here();
    try (MicroBatchSource source = new StageHosting(hadoop.value()).open(store)) {
      return measure.apply(
          new LayerProfiler(
              StageEngines.named(engine), model, layers, seed, source, System::nanoTime));
    }
  }

  private static RuntimeException typed(Exception failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof StagecoachException known) {
        return known;
      }
    }
    return new StagecoachException(
        ErrorKind.CLUSTER,
        "The Spark job that measures the layers failed: "
            + String.valueOf(failure.getMessage()).lines().findFirst().orElse(""),
        Where.nowhere(),
        "The executors' logs say more. Without auto, nothing is measured before a run.",
        failure);
  }
}
