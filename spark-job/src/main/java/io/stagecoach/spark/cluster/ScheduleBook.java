package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The schedules of a run: written once for each number of micro-batches. */
final class ScheduleBook {

  private record Key(String name, int microBatches) {}

  private final int stages;
  private final int chunks;
  private final int executors;
  private final List<ScheduleAuthor> authors;
  private final Map<Key, Schedule> written = new HashMap<>();

  /**
   * @param stages how many stages there are, chunks counted
   * @param chunks how many of them an executor has that schedules are written for
   * @param executors on how many executors they are put
   */
  ScheduleBook(int stages, int chunks, int executors, List<ScheduleAuthor> authors) {
    this.stages = stages;
    this.chunks = chunks;
    this.executors = executors;
    this.authors = new ArrayList<>(authors);
  }

  /** Has this author write what the one of its name wrote, from here on. */
  void use(ScheduleAuthor author) {
    authors.replaceAll(other -> other.name().equals(author.name()) ? author : other);
    written.keySet().removeIf(key -> key.name().equals(author.name()));
  }

  /** The schedule of that name, sends and receives included. */
  Schedule of(String name, int microBatches) {
    return written.computeIfAbsent(new Key(name, microBatches), this::write);
  }

  private Schedule write(Key key) {
    return FewerExecutors.gather(
        author(key).schedule(new PipelineShape(stages, key.microBatches(), chunks)), executors);
  }

  private ScheduleAuthor author(Key key) {
    return authors.stream()
        .filter(author -> author.name().equals(key.name()))
        .findFirst()
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.INTERNAL, "No author of " + key.name() + " was given", ""));
  }
}
