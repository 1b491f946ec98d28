package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ShuffleInput;
import io.stagecoach.spark.exchange.ShuffleOutput;
import io.stagecoach.sync.StepDecision;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/**
 * What an executor does in one tick of a step: takes the hops that came, does its run of actions,
 * and addresses the hops that go out. In the first tick it begins the step, in the last it ends it.
 */
final class TickTask implements PinnedRdd.Work {

  private static final long serialVersionUID = 1L;

  /** Schedules as they came, cut: the same ones come in every step. */
  private static final ConcurrentMap<Cut, StepTicks> CUTS = new ConcurrentHashMap<>();

  private static final int MOST_CUTS = 256;

  private record Cut(String schedule, int passes, SliceTraffic traffic) {}

  /**
   * A step, as all its ticks know it.
   *
   * @param run the run
   * @param context the step
   * @param slices the examples of each micro-batch
   * @param schedule the schedule as text
   * @param passes how many passes a tick has
   * @param traffic who waits for whom, where stages keep their weights
   */
  record Order(
      UUID run,
      StepContext context,
      List<Slice> slices,
      String schedule,
      int passes,
      SliceTraffic traffic)
      implements Serializable {

    /** Its ticks. */
    StepTicks ticks() {
      if (CUTS.size() > MOST_CUTS) {
        CUTS.clear();
      }
      return CUTS.computeIfAbsent(
          new Cut(schedule, passes, traffic),
          cut -> new StepTicks(Ticks.of(Schedule.parse(schedule), passes), traffic));
    }
  }

  /**
   * What an executor is sent with the first tick.
   *
   * @param weights its stages' new weights; none where they are as before
   * @param given the micro-batches' columns, where its first stage does not read them from the
   *     batch store
   * @param decision the last one, where the stages keep their weights and there was one
   */
  record Sent(SentBytes weights, SentBytes given, List<StepDecision> decision)
      implements Serializable {}

  private final Order order;
  private final int tick;

  TickTask(Order order, int tick) {
    this.order = order;
    this.tick = tick;
  }

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    List<ShuffleInput> came = new ArrayList<>();
    while (arrived.hasNext()) {
      came.add((ShuffleInput) arrived.next()._2());
    }
    StepTicks ticks = order.ticks();
    Schedule schedule = ticks.schedule().schedule();
    ResidentStages stages = ResidentStages.of(order.run(), executor);
    if (tick == 0) {
      stages.begin(
          order.context(), schedule.executors().get(executor), order.slices(), (Sent) data);
    }
    List<ShuffleOutput> out =
        stages.tick(
            order.context(),
            tick,
            came,
            ticks.parts(tick, executor),
            ticks.actions(tick, executor));
    List<Tuple2<Integer, Object>> records = new ArrayList<>();
    for (ShuffleOutput one : out) {
      records.add(new Tuple2<>(schedule.executorOf(one.stage()), one));
    }
    if (tick == ticks.count() - 1) {
      records.add(new Tuple2<>(executor, stages.results().toArray(byte[][]::new)));
    }
    return JavaConverters.asScalaIterator(records.iterator());
  }
}
