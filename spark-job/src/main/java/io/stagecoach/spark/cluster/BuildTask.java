package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.tensor.WireType;
import java.io.Serializable;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.SerializableConfiguration;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/**
 * Builds the stages of an executor, which stay there until the run closes them, and says as a
 * {@link Message.Register} in JSON what they compute on.
 */
final class BuildTask implements PinnedRdd.Work {

  private static final long serialVersionUID = 1L;

  private final UUID run;
  private final String engine;
  private final StoreAccess store;
  private final long messageLimit;
  private final WireType wireType;
  private final SerializableConfiguration hadoop;

  BuildTask(
      UUID run,
      String engine,
      StoreAccess store,
      long messageLimit,
      WireType wireType,
      SerializableConfiguration hadoop) {
    this.run = run;
    this.engine = engine;
    this.store = store;
    this.messageLimit = messageLimit;
    this.wireType = wireType;
    this.hadoop = hadoop;
  }

  /** The stages of one executor. */
  record Hosted(List<StageSpec> specs) implements Serializable {}

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    KeptSlices.dropForgotten();
    // First: ND4J is so loaded with what it is to compute on.
    GpuClaim gpu = GpuClaims.here();
    Configuration configuration = hadoop.value();
    List<StageSpec> specs = ((Hosted) data).specs();
    ResidentStages.open(
        run,
        executor,
        messageLimit,
        wireType,
        () -> new StageHosting(configuration).host(engine, specs, store));
    byte[] here =
        MessageJson.write(
            new Message.Register(
                SparkEnv.get().executorId(),
                SparkEnv.get().blockManager().blockManagerId().host(),
                0,
                gpu));
    return JavaConverters.asScalaIterator(
        List.of(new Tuple2<Integer, Object>(executor, here)).iterator());
  }

  /** What becomes of the weights that stages have kept, when these end. */
  enum KeptWeights {

    /** They are closed, too. */
    CLOSED,

    /** They stay, for the stages that are placed next. */
    LEFT
  }

  /** Ends what was built on an executor, by whatever index. */
  static final class End implements PinnedRdd.Work {

    private static final long serialVersionUID = 1L;

    private final UUID run;
    private final KeptWeights weights;

    End(UUID run, KeptWeights weights) {
      this.run = run;
      this.weights = weights;
    }

    @Override
    public Iterator<Tuple2<Integer, Object>> run(
        int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
      switch (weights) {
        case CLOSED -> ResidentStages.close(run);
        case LEFT -> ResidentStages.leave(run);
      }
      return JavaConverters.asScalaIterator(List.<Tuple2<Integer, Object>>of().iterator());
    }
  }
}
