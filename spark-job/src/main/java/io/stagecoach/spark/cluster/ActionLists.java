package io.stagecoach.spark.cluster;

import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.ForwardOnly;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What each stage does in a step. A schedule is a pure function, so driver and executors each work
 * it out for themselves, once for each number of micro-batches.
 */
final class ActionLists {

  private record Key(String schedule, int microBatches) {}

  private final int stages;
  private final Schedules schedules = Schedules.standard().and(new ForwardOnly());
  private final ConcurrentMap<Key, Schedule> known = new ConcurrentHashMap<>();

  ActionLists(int stages) {
    this.stages = stages;
  }

  /** The actions of a stage, sends and receives included. */
  List<Action> of(String schedule, int microBatches, int stage) {
    return known
        .computeIfAbsent(new Key(schedule, microBatches), this::lower)
        .executors()
        .get(stage);
  }

  private Schedule lower(Key key) {
    ScheduleAuthor author = schedules.named(key.schedule());
    return author.schedule(new PipelineShape(stages, key.microBatches()));
  }
}
