package io.stagecoach.spark.job;

import io.stagecoach.batch.Blocks;
import io.stagecoach.engine.profile.RunProfile.Backward;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.report.timeline.ChromeTrace;
import io.stagecoach.report.timeline.Timeline;
import io.stagecoach.report.timeline.TimelinePage;
import io.stagecoach.schedule.Action;
import io.stagecoach.schedule.PipelineShape;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Schedules;
import io.stagecoach.schedule.Simulation;
import io.stagecoach.schedule.Simulator;
import io.stagecoach.schedule.StageCosts;
import io.stagecoach.schedule.StepSimulator;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.schedule.WrittenSchedule;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Says how schedules would run, given what their parts cost. Needs no Spark, and starts none. */
@Command(
    name = "simulate",
    description =
        "Says how schedules would run for given times: step, waiting, stash. Times are milliseconds"
            + " for one micro-batch in one stage.",
    subcommands = ScaleCommand.class,
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SimulateCommand implements Callable<Integer> {

  /** Above this many actions no timeline is drawn. */
  private static final long MOST_DRAWN = 100_000;

  @Option(
      names = "--schedule",
      split = ",",
      paramLabel = "NAME",
      description = "One or several; without it, all.")
  private List<String> names = List.of();

  @Option(names = "--schedule-file", paramLabel = "FILE", description = "One in text form.")
  private Path file;

  @Option(
      names = "--profile",
      paramLabel = "FILE",
      description = "A run's report.json or profile.json, to take all times from.")
  private Path profile;

  @Option(
      names = "--stages",
      paramLabel = "S",
      description = "Executors of a pipeline (default: 4, or those of the report).")
  private Integer stages;

  @Option(
      names = "--replicas",
      paramLabel = "R",
      description = "Pipelines side by side, which share the micro-batches (default: 1).")
  private int replicas = 1;

  @Option(
      names = "--micro-batches",
      split = ",",
      paramLabel = "M",
      description = "One or several, to compare (default: 8).")
  private List<Integer> microBatches = List.of(8);

  @Option(
      names = "--chunks",
      paramLabel = "V",
      description =
          "Pieces of the network on each executor, for interleaved schedules (default: 1).")
  private int chunks = 1;

  @Option(
      names = "--forward",
      split = ",",
      paramLabel = "MS",
      description = "Forward pass: one time for all stages, or one for each (default: 1).")
  private List<Double> forward = List.of(1.0);

  @Option(
      names = "--backward",
      split = ",",
      paramLabel = "MS",
      description = "Backward pass (default: 2).")
  private List<Double> backward = List.of(2.0);

  @Option(
      names = "--weights",
      split = ",",
      paramLabel = "MS",
      description = "The part of it that zb-h1 can put off (default: half).")
  private List<Double> weights = List.of();

  @Option(
      names = "--hop",
      paramLabel = "MS",
      description = "From executor to executor (default: 0).")
  private double hop = 0;

  @Option(
      names = "--tick",
      paramLabel = "MS",
      description = "What a tick of exchange=shuffle costs: adds its step to the table.")
  private Double tick;

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "Writes the first schedules' timelines as a page.")
  private Path page;

  @Option(names = "--trace", paramLabel = "FILE", description = "Writes them as a Chrome trace.")
  private Path trace;

  @Spec private CommandSpec command;

  private final PrintStream out;
  private MeasuredTimes measured;

  SimulateCommand() {
    this(System.out);
  }

  /** Prints its table elsewhere. */
  SimulateCommand(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() {
    try {
      return simulate();
    } catch (StagecoachException e) {
      System.err.println("Stagecoach failed: " + e.getMessage());
      return e.kind().exitCode();
    }
  }

  private int simulate() {
    if (profile != null) {
      measured = readProfile();
      out.println(measured.note());
    }
    if (stages == null) {
      stages = measured == null ? 4 : measured.executors().orElse(4);
    }
    check();
    List<Timeline> timelines = new ArrayList<>();
    out.printf(
        Locale.ROOT,
        "%-18s %8s %3s  %12s  %8s  %12s  %7s%s%n",
        "schedule",
        "M",
        "v",
        "step ms",
        "bubble",
        "closed form",
        "stash",
        tick == null ? "" : "  shuffle ms  ticks");
    for (ScheduleAuthor author : authors()) {
      for (int count : microBatches) {
        line(author, count, timelines);
      }
    }
    if (replicas > 1) {
      out.printf(
          "%d replicas on %d executors in all: the table is of one, which has its part of M.%n",
          replicas, replicas * stages);
    }
    write(timelines);
    return 0;
  }

  private void line(ScheduleAuthor author, int count, List<Timeline> timelines) {
    int mine = interleaves(author) ? chunks : 1;
    // Pipelines do not wait for one another: the one with most micro-batches takes the step's time.
    PipelineShape shape =
        new PipelineShape(stages * mine, new Blocks(count, replicas).longest(), mine);
    StageCosts costs = measured == null ? costs(mine) : measured(author, shape, count);
    ScheduleAuthor tuned = author.tunedTo(costs);
    Simulation simulation = StepSimulator.simulate(tuned, shape, costs);
    OptionalDouble form = tuned.closedFormBubble(shape);
    out.printf(
        Locale.ROOT,
        "%-18s %8d %3d  %12.3f  %6.2f %%  %12s  %7d",
        author.name(),
        count,
        mine,
        simulation.makespan() / 1e6,
        100 * simulation.bubble(),
        form.isPresent() ? String.format(Locale.ROOT, "%.2f %%", 100 * form.getAsDouble()) : "-",
        Collections.max(simulation.peakStash()));
    boolean small = 6L * shape.stages() * shape.microBatches() <= MOST_DRAWN;
    if (tick != null && small) {
      Ticks ticks = Ticks.cheapest(tuned.schedule(shape), costs, nanos(tick));
      out.printf(
          Locale.ROOT, "  %10.3f  %5d", ticks.makespan(costs, nanos(tick)) / 1e6, ticks.count());
    }
    out.println();
    if (small && (page != null || trace != null)) {
      Schedule schedule = tuned.schedule(shape);
      Timeline timeline = Timeline.simulated(schedule, Simulator.simulate(schedule, costs));
      timelines.add(
          new Timeline(
              author.name() + ", M " + count + (mine > 1 ? ", " + mine + " chunks" : ""),
              timeline.executors(),
              timeline.actions(),
              List.of()));
    }
  }

  private MeasuredTimes readProfile() {
    List<String> given =
        Stream.of("--forward", "--backward", "--weights", "--hop")
            .filter(command.commandLine().getParseResult()::hasMatchedOption)
            .toList();
    if (!given.isEmpty()) {
      throw wrong(
          String.join(", ", given) + " and --profile both say times", "Leave one of them out.");
    }
    try {
      String json = Files.readString(profile);
      return ModelFileAccess.naming(profile.toString(), () -> MeasuredTimes.read(json));
    } catch (IOException e) {
      throw wrong(profile + " cannot be read: " + e.getMessage(), "Correct --profile.");
    }
  }

  private StageCosts measured(ScheduleAuthor author, PipelineShape shape, int count) {
    PipelineShape small = new PipelineShape(shape.stages(), 1, shape.chunks());
    boolean split =
        author.compute(small).stream()
            .anyMatch(list -> list.stream().anyMatch(a -> a instanceof Action.BackwardWeights));
    return measured.costs(shape, count, split ? Backward.SPLIT : Backward.WHOLE);
  }

  private List<ScheduleAuthor> authors() {
    List<ScheduleAuthor> authors = new ArrayList<>();
    if (file != null) {
      try {
        String text = Files.readString(file);
        authors.add(ModelFileAccess.naming(file.toString(), () -> WrittenSchedule.parse(text)));
      } catch (IOException e) {
        throw wrong(file + " cannot be read: " + e.getMessage(), "Correct --schedule-file.");
      }
    }
    Schedules all = Schedules.standard();
    List<String> asked = names.isEmpty() && file == null ? all.names() : names;
    asked.forEach(name -> authors.add(all.named(name)));
    return authors;
  }

  private boolean interleaves(ScheduleAuthor author) {
    if (chunks == 1) {
      return false;
    }
    try {
      author.compute(new PipelineShape(chunks, 1, chunks));
      return true;
    } catch (StagecoachException e) {
      return false;
    }
  }

  private void check() {
    boolean counts =
        stages > 0 && replicas > 0 && chunks > 0 && microBatches.stream().allMatch(m -> m > 0);
    if (counts && replicas > Collections.min(microBatches)) {
      throw wrong(
          "There are " + replicas + " replicas, and fewer micro-batches to share",
          "Give fewer --replicas, or more --micro-batches.");
    }
    boolean times =
        hop >= 0
            && (tick == null || tick >= 0)
            && List.of(forward, backward, weights).stream()
                .allMatch(list -> list.stream().allMatch(ms -> ms >= 0));
    if (!counts || !times) {
      throw wrong("A number is below what it can be", "Counts are above 0, times not below.");
    }
  }

  private StageCosts costs(int mine) {
    List<Long> forwards = perStage("--forward", forward, mine);
    List<Long> backwards = perStage("--backward", backward, mine);
    long latency = nanos(hop);
    if (weights.isEmpty()) {
      return new StageCosts(forwards, backwards, latency);
    }
    List<Long> halves = perStage("--weights", weights, mine);
    for (int s = 0; s < halves.size(); s++) {
      if (halves.get(s) > backwards.get(s)) {
        throw wrong("--weights is more than --backward, whose part it is", "Give less.");
      }
    }
    return new StageCosts(forwards, backwards, halves, latency);
  }

  /** Of each piece: an executor's time is shared out evenly among its own. */
  private List<Long> perStage(String option, List<Double> given, int mine) {
    if (given.size() != 1 && given.size() != stages && given.size() != stages * mine) {
      throw wrong(
          option + " has " + given.size() + " times for " + stages + " stages",
          "Give one for all, or one for each stage.");
    }
    List<Long> times = new ArrayList<>();
    for (int s = 0; s < stages * mine; s++) {
      double share =
          given.size() == stages * mine ? given.get(s) : given.get(s % given.size()) / mine;
      times.add(nanos(share));
    }
    return times;
  }

  private void write(List<Timeline> timelines) {
    try {
      if (page != null) {
        Files.writeString(
            page,
            TimelinePage.html(
                "Simulated schedules",
                List.of(
                    measured == null
                        ? stages + " executors, hops of " + hop + " ms"
                        : stages + " executors. " + measured.note()),
                timelines));
      }
      if (trace != null) {
        Files.writeString(trace, ChromeTrace.json(timelines));
      }
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT, "The timeline cannot be written: " + e, "Name a file that can.");
    }
    if ((page != null || trace != null) && timelines.isEmpty()) {
      out.println("No timeline: there are too many actions to draw.");
    }
  }

  private static long nanos(double millis) {
    return Math.round(millis * 1e6);
  }

  private static StagecoachException wrong(String what, String remedy) {
    return new StagecoachException(ErrorKind.CONFIGURATION, what, remedy);
  }
}
