package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.MemoryShortage;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import scala.Option;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * One task on each executor of a pipeline, on that executor and no other. Reads what the tasks of
 * the RDD before it addressed to this executor, through Spark's shuffle.
 *
 * <p>A task that Spark starts a second time, or elsewhere, fails: it could not know what the first
 * one did.
 */
final class PinnedRdd extends RDD<Tuple2<Integer, Object>> {

  private static final long serialVersionUID = 1L;

  private static final ClassTag<Tuple2<Integer, Object>> PAIR =
      ClassTag$.MODULE$.apply(Tuple2.class);
  private static final ClassTag<Integer> KEY = ClassTag$.MODULE$.apply(Integer.class);
  private static final ClassTag<Object> VALUE = ClassTag$.MODULE$.apply(Object.class);

  /** What a task does. */
  interface Work extends Serializable {

    /**
     * Does it, on the executor.
     *
     * @param executor the executor's index in the pipeline
     * @param arrived what was addressed to it
     * @param data what the driver gave this one
     * @return what it addresses to executors, or a result
     */
    Iterator<Tuple2<Integer, Object>> run(
        int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data);
  }

  /** A place and what is given to its task. */
  private record Slot(int index, String executor, Serializable data) implements Partition {}

  private final transient List<Home> homes;
  private final transient List<? extends Serializable> data;
  private final Work work;

  /**
   * @param homes where each executor of the pipeline is
   * @param before what the tasks read; null for nothing
   * @param data what each task is given; null for nothing
   */
  PinnedRdd(
      SparkContext spark,
      List<Home> homes,
      ShuffleDependency<Integer, Object, Object> before,
      List<? extends Serializable> data,
      Work work) {
    super(spark, dependencies(before), PAIR);
    this.homes = homes;
    this.data = data;
    this.work = work;
  }

  private static Seq<Dependency<?>> dependencies(Dependency<?> before) {
    List<Dependency<?>> all = before == null ? List.of() : List.of(before);
    return JavaConverters.asScalaBuffer(all).toSeq();
  }

  /** What carries this RDD's records to the executors that they are addressed to. */
  ShuffleDependency<Integer, Object, Object> shuffled(Serializer serializer) {
    return new ShuffleDependency<>(
        this,
        new ByIndex(homes.size()),
        serializer,
        Option.empty(),
        Option.empty(),
        false,
        new ShuffleWriteProcessor(),
        KEY,
        VALUE,
        VALUE);
  }

  @Override
  public Partition[] getPartitions() {
    Partition[] slots = new Partition[homes.size()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = new Slot(i, homes.get(i).executor(), data == null ? null : data.get(i));
    }
    return slots;
  }

  @Override
  public Seq<String> getPreferredLocations(Partition partition) {
    Home home = homes.get(partition.index());
    String location = "executor_" + home.host() + "_" + home.executor();
    return JavaConverters.asScalaBuffer(List.of(location)).toSeq();
  }

  @Override
  public Iterator<Tuple2<Integer, Object>> compute(Partition partition, TaskContext context) {
    Slot slot = (Slot) partition;
    String here = SparkEnv.get().executorId();
    if (!here.equals(slot.executor())) {
      throw new MisplacedException(slot.index(), slot.executor(), here);
    }
    if (context.attemptNumber() > 0 || context.stageAttemptNumber() > 0) {
      throw new StagecoachException(
          ErrorKind.PEER,
          "Spark started a task of the step a second time",
          Where.nowhere().onExecutor(here),
          "The first failure says why.",
          null);
    }
    // The first stage of an executor has its index.
    Where place = Where.stage(slot.index());
    try {
      return work.run(slot.index(), arrived(slot.index(), context), slot.data());
    } catch (StagecoachException e) {
      throw e.at(place);
    } catch (OutOfMemoryError e) {
      throw MemoryShortage.of("a task of the step", place, e);
    }
  }

  @SuppressWarnings("unchecked") // the only dependency is the constructor's
  private Iterator<Product2<Integer, Object>> arrived(int index, TaskContext context) {
    if (dependencies().isEmpty()) {
      return JavaConverters.asScalaIterator(List.<Product2<Integer, Object>>of().iterator());
    }
    ShuffleDependency<Integer, Object, Object> before =
        (ShuffleDependency<Integer, Object, Object>) dependencies().head();
    return SparkEnv.get()
        .shuffleManager()
        .<Integer, Object>getReader(
            before.shuffleHandle(),
            index,
            index + 1,
            context,
            context.taskMetrics().createTempShuffleReadMetrics())
        .read();
  }

  /** Keys are the indices of executors. */
  private static final class ByIndex extends Partitioner {

    private static final long serialVersionUID = 1L;

    private final int count;

    ByIndex(int count) {
      this.count = count;
    }

    @Override
    public int numPartitions() {
      return count;
    }

    @Override
    public int getPartition(Object key) {
      return (Integer) key;
    }
  }
}
