package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.cluster.StageSlices.SliceState;
import io.stagecoach.sync.SliceUpdater;
import io.stagecoach.sync.StepDecision;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/** Sends the driver what stages of a run have left on an executor. It stays there. */
final class RecoverTask implements PinnedRdd.Work {

  private static final long serialVersionUID = 1L;

  private final UUID run;
  private final List<Integer> wanted;
  private final long updates;
  private final List<StepDecision> last;
  private final long messageLimit;

  /**
   * @param run by what slices were kept
   * @param wanted the stages
   * @param updates how many updates they must have seen
   * @param last the run's last decision, which they may not have followed yet, if there was one
   */
  RecoverTask(
      UUID run, List<Integer> wanted, long updates, List<StepDecision> last, long messageLimit) {
    this.run = run;
    this.wanted = List.copyOf(wanted);
    this.updates = updates;
    this.last = List.copyOf(last);
    this.messageLimit = messageLimit;
  }

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    try (BufferAllocator memory = new RootAllocator();
        ArrowBytes bytes = new ArrowBytes(memory, messageLimit)) {
      byte[][] sent = sent(bytes).toArray(byte[][]::new);
      return JavaConverters.asScalaIterator(
          List.of(new Tuple2<Integer, Object>(executor, sent)).iterator());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The task was cancelled", Where.nowhere(), "", e);
    }
  }

  private List<byte[]> sent(ArrowBytes bytes) throws InterruptedException {
    Set<Integer> missing = new TreeSet<>(wanted);
    List<byte[]> sent = new ArrayList<>();
    // Stages that end here have ended before this task, which nothing runs beside: none is waited
    // for.
    for (Map.Entry<Integer, SliceUpdater> left :
        KeptSlices.left(run, updates, last, Duration.ZERO)) {
      if (missing.remove(left.getKey())) {
        sent.add(MessageJson.write(new Message.SliceSent(left.getKey(), updates)));
        sent.add(bytes.encode(SliceState.of(left.getValue()).pack()));
      }
    }
    return sent;
  }
}
