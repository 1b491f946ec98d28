package io.stagecoach.spark.cluster;

import io.stagecoach.batch.Slice;
import io.stagecoach.engine.StepContext;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ShuffledHop;
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
  private static final ConcurrentMap<Cut, Ticks> CUTS = new ConcurrentHashMap<>();

  private static final int MOST_CUTS = 256;

  private record Cut(String schedule, int passes) {}

  /**
   * A step, as all its ticks know it.
   *
   * @param run the run
   * @param context the step
   * @param slices the examples of each micro-batch
   * @param schedule the schedule as text
   * @param passes how many passes a tick has
   */
  record Order(UUID run, StepContext context, List<Slice> slices, String schedule, int passes)
      implements Serializable {}

  /**
   * What an executor is sent with the first tick.
   *
   * @param weights its stages' new weights; none where they are as before
   * @param given the micro-batches' columns, where its first stage does not read them from the
   *     batch store
   */
  record Sent(SentBytes weights, SentBytes given) implements Serializable {}

  private final Order order;
  private final int tick;

  TickTask(Order order, int tick) {
    this.order = order;
    this.tick = tick;
  }

  static Ticks cut(String schedule, int passes) {
    if (CUTS.size() > MOST_CUTS) {
      CUTS.clear();
    }
    return CUTS.computeIfAbsent(
        new Cut(schedule, passes), cut -> Ticks.of(Schedule.parse(schedule), passes));
  }

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    List<ShuffledHop.Incoming> hops = new ArrayList<>();
    while (arrived.hasNext()) {
      hops.add((ShuffledHop.Incoming) arrived.next()._2());
    }
    Ticks ticks = cut(order.schedule(), order.passes());
    ResidentStages stages = ResidentStages.of(order.run(), executor);
    if (tick == 0) {
      Sent sent = (Sent) data;
      stages.begin(
          order.context(),
          ticks.schedule().executors().get(executor),
          order.slices(),
          sent.weights().bytes(),
          sent.given().bytes());
    }
    List<Action> run = ticks.runs().get(tick).get(executor);
    List<ShuffledHop.Outgoing> out = stages.tick(order.context(), tick, hops, run);
    List<Tuple2<Integer, Object>> records = new ArrayList<>();
    for (ShuffledHop.Outgoing hop : out) {
      records.add(new Tuple2<>(ticks.schedule().executorOf(hop.hop().to()), hop));
    }
    if (tick == ticks.count() - 1) {
      List<byte[]> results = stages.end(ProcessMemory.ofThisProcess());
      records.add(new Tuple2<>(executor, results.toArray(byte[][]::new)));
    }
    return JavaConverters.asScalaIterator(records.iterator());
  }
}
