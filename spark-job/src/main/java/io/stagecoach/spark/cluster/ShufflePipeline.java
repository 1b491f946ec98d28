package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.ScheduleAuthor;
import io.stagecoach.schedule.Ticks;
import io.stagecoach.spark.exchange.ShuffleSerializer;
import io.stagecoach.spark.gpu.DistinctGpus;
import io.stagecoach.spark.gpu.FallbackWarning;
import io.stagecoach.spark.gpu.GpuRule;
import io.stagecoach.sync.GradientArrivals;
import io.stagecoach.sync.StagePart;
import io.stagecoach.tensor.Tensors;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stages that live on executors without a task, and pass hops by Spark's own shuffle: a step is one
 * Spark job, and each tick of its schedule one stage of that job, with a task on every executor.
 */
final class ShufflePipeline implements Pipeline {

  private static final Logger LOG = LoggerFactory.getLogger(ShufflePipeline.class);

  /** How often stages move after Spark has put a task elsewhere, before that is an error. */
  private static final int MOST_MOVES = 3;

  private static final long POLL_MILLIS = 50;

  /**
   * How long the first pause is for an executor that is about to start; then ever twice as long.
   */
  private static final long STARTING_MILLIS = 300;

  /** After a failure nobody waits for long. */
  private static final Duration HURRY = Duration.ofSeconds(2);

  private final PipelineSpec spec;
  private final SparkContext spark;
  private final UUID run;
  private final Seats seats;
  private final GpuRule rule;
  private final PinnedJobs jobs;
  private final ScheduleBook schedules;
  private final BufferAllocator memory = new RootAllocator();
  private final ArrowBytes bytes;
  private final ShuffleSerializer serializer;
  private final Map<Integer, ProcessMemory> processes = new ConcurrentHashMap<>();
  private final TickTuning tuning = new TickTuning();
  private final ShuffledSlices slices;
  private final byte[][] lastWeights;
  private List<Home> homes = List.of();

  /** What each executor's stages compute on, in the order of {@link #homes}. */
  private List<String> devices = List.of();

  /** Where stages were that have moved: what is left of them is closed with the rest. */
  private final Set<Home> left = new LinkedHashSet<>();

  private Message.RunStep told;
  private byte[] toldGiven = new byte[0];
  private boolean fresh;
  private long lastStep = -1;
  private int attempt;
  private boolean ended;

  private ShufflePipeline(PipelineSpec spec, UUID run, Seats seats) {
    this.spec = spec;
    this.run = run;
    this.seats = seats;
    this.spark = spec.spark().sc();
    this.rule = GpuRule.of(spark);
    this.jobs = new PinnedJobs(spark, run, spec.deadlines().heartbeat());
    this.schedules = spec.book();
    this.bytes = new ArrowBytes(memory, spec.network().messageLimit());
    this.serializer = new ShuffleSerializer(spec.network().messageLimit());
    this.slices = new ShuffledSlices(spec, run, bytes, new SliceJobs());
    this.lastWeights = new byte[spec.executors()][0];
  }

  static Pipeline launch(PipelineSpec spec, UUID run, Seats seats) {
    ShufflePipeline pipeline = new ShufflePipeline(spec, run, seats);
    try {
      PinnedSeats.await(spec);
      ExecutorSlots.await(spec.spark(), spec.executors(), pipeline.rule, spec.deadlines().launch());
      pipeline.place(pipeline.awaitHomes());
      return pipeline;
    } catch (RuntimeException e) {
      pipeline.abandon();
      throw e;
    }
  }

  /** Builds every executor's stages there, or where Spark then puts them. */
  private void place(List<Home> wanted) {
    homes = wanted;
    for (int tries = 0; ; tries++) {
      try {
        build();
        LOG.info(
            "{} stages are placed, hops go by shuffle: {}",
            spec.stages().size(),
            String.join(", ", stages().stream().map(StageAddress::words).toList()));
        return;
      } catch (MisplacedException e) {
        if (tries == MOST_MOVES) {
          throw misplaced(e);
        }
        homes = homesAfter(e);
        // An executor is counted a moment before it is given tasks, which others then get.
        sleep(STARTING_MILLIS << tries);
      }
    }
  }

  /**
   * Where stages are to be, now that Spark has put a task elsewhere: the executor that it was meant
   * for is busy, and the one that it was given is not. It takes the place, unless other stages of
   * the pipeline are there, or the place is pinned to another host.
   */
  private List<Home> homesAfter(MisplacedException e) {
    List<Home> now = Home.all(spark);
    if (!now.containsAll(homes)) {
      return awaitHomes();
    }
    List<Home> moved = new ArrayList<>(homes);
    now.stream()
        .filter(home -> home.executor().equals(e.actual()) && !homes.contains(home))
        .filter(home -> spec.pins().allow(e.index(), spec.executors(), home))
        .findFirst()
        .ifPresent(home -> left.add(moved.set(e.index(), home)));
    left.removeAll(moved);
    return moved;
  }

  /** Executors are counted a moment before their blocks can be reached. */
  private List<Home> awaitHomes() {
    long end = System.nanoTime() + spec.deadlines().launch().toNanos();
    List<Home> found = Home.all(spark);
    while (found.size() < spec.executors()) {
      if (System.nanoTime() > end) {
        throw new StagecoachException(
            ErrorKind.CLUSTER,
            "There are " + found.size() + " executors; the pipeline needs " + spec.executors(),
            "Look why the cluster took one away, or lower spark.stagecoach.stages.");
      }
      sleep(POLL_MILLIS);
      found = Home.all(spark);
    }
    return seats.seat(found, home -> home, spec.executors(), spec.pins());
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StagecoachException(
          ErrorKind.INTERRUPTED, "The run was interrupted", Where.nowhere(), "", e);
    }
  }

  private void build() {
    List<Serializable> hosted = new ArrayList<>();
    for (int executor = 0; executor < spec.executors(); executor++) {
      hosted.add(new BuildTask.Hosted(new ArrayList<>(spec.stagesOf(executor))));
    }
    PinnedRdd rdd =
        rule.on(
            new PinnedRdd(
                spark,
                homes,
                null,
                hosted,
                new BuildTask(
                    run,
                    spec.engine(),
                    spec.store(),
                    spec.network().messageLimit(),
                    spec.network().wireType(),
                    new SerializableConfiguration(spark.hadoopConfiguration()))));
    devices = List.of();
    try {
      devices =
          devices(
              jobs.run(rdd, "Stagecoach: building the stages", homes, spec.deadlines().contact()));
    } catch (StagecoachException e) {
      throw e.at(place(e.where()));
    }
  }

  /** What the stages of each executor compute on, of which no two do on the same GPU. */
  private static List<String> devices(List<Object> answers) {
    List<DistinctGpus.Holder> holders =
        answers.stream()
            .map(answer -> ((Message.Register) MessageJson.read((byte[]) answer)).holder())
            .toList();
    DistinctGpus.check(holders);
    FallbackWarning.say(holders);
    return holders.stream().map(holder -> holder.claim().words()).toList();
  }

  @Override
  public List<StageAddress> stages() {
    List<StageAddress> addresses = new ArrayList<>();
    for (StageSpec stage : spec.stages()) {
      int executor = spec.executorOf(stage.stage());
      Home home = homes.get(executor);
      addresses.add(
          new StageAddress(
              stage.stage(),
              home.executor(),
              home.host(),
              0,
              // Not known before the stages are built.
              executor < devices.size() ? devices.get(executor) : ""));
    }
    return addresses;
  }

  @Override
  public Map<Integer, ProcessMemory> memory() {
    return Map.copyOf(processes);
  }

  @Override
  public int nextAttempt(long step) {
    attempt = step == lastStep ? attempt + 1 : 0;
    lastStep = step;
    return attempt;
  }

  @Override
  public void use(ScheduleAuthor author) {
    schedules.use(author);
  }

  @Override
  public void tell(Order order) {
    told = order.step();
    lastStep = told.context().step();
    attempt = told.context().attempt();
    toldGiven =
        order.given().isEmpty()
            ? new byte[0]
            : bytes.encode(Tensors.viewsOf(GivenColumns.pack(order.given()), () -> {}));
    fresh = false;
    for (int executor = 0; executor < spec.executors(); executor++) {
      Map<String, INDArray> changed = new LinkedHashMap<>();
      for (StageSpec stage : spec.stagesOf(executor)) {
        changed.putAll(order.tensorsOf(stage.stage()));
      }
      if (!changed.isEmpty()) {
        fresh = true;
        // Kept: stages that move need them again.
        lastWeights[executor] = bytes.encode(Tensors.viewsOf(changed, () -> {}));
      }
    }
  }

  @Override
  public List<StagePart> await(GradientArrivals arrivals) {
    Message.RunStep step = told;
    boolean weights = fresh;
    slices.tell();
    for (int moves = 0; ; moves++) {
      try {
        return lent(run(step, weights), arrivals);
      } catch (MisplacedException e) {
        if (slices.areKept()) {
          throw withoutWeights(e);
        }
        if (moves == MOST_MOVES || step.context().carriesState()) {
          // State that recurrent layers carry from step to step is on the executor that was left.
          throw misplaced(e);
        }
        LOG.warn("{}; the step is run again where Spark has room", e.getMessage());
        place(homesAfter(e));
        weights = true;
        StepContext old = step.context();
        step =
            new Message.RunStep(old.again(nextAttempt(old.step())), step.schedule(), step.slices());
      }
    }
  }

  /** All parts come at once, at the end of the step's job. */
  private static List<StagePart> lent(List<StagePart> parts, GradientArrivals arrivals) {
    try {
      parts.forEach(arrivals::arrived);
      return parts;
    } catch (RuntimeException e) {
      parts.forEach(StagePart::close);
      throw e;
    }
  }

  private List<StagePart> run(Message.RunStep step, boolean withWeights) {
    Schedule schedule = schedules.of(step.schedule(), step.context().microBatches());
    TickTask.Order order =
        new TickTask.Order(
            run,
            step.context(),
            new ArrayList<>(step.slices()),
            schedule.text(),
            tuning.passes(schedule),
            slices.traffic(step.context()));
    StepTicks ticks = order.ticks();
    List<Broadcast<byte[]>> broadcasts = new ArrayList<>();
    List<ShuffleDependency<Integer, Object, Object>> shuffles = new ArrayList<>();
    PinnedRdd rdd =
        rule.on(
            new PinnedRdd(
                spark, homes, null, sent(withWeights, broadcasts), new TickTask(order, 0)));
    for (int tick = 1; tick < ticks.count(); tick++) {
      ShuffleDependency<Integer, Object, Object> hops = rdd.shuffled(serializer);
      shuffles.add(hops);
      rdd = rule.on(new PinnedRdd(spark, homes, hops, null, new TickTask(order, tick)));
    }
    try {
      String what =
          "Stagecoach: step "
              + step.context().step()
              + ", "
              + schedule.name()
              + " in "
              + ticks.count()
              + " ticks";
      long start = System.nanoTime();
      List<Object> results = jobs.run(rdd, what, homes, spec.deadlines().step());
      long wall = System.nanoTime() - start;
      slices.stepEnded();
      List<StagePart> parts = parts(results, schedule);
      tuning
          .observe(schedule, ticks.count(), wall, parts.stream().map(StagePart::report).toList())
          .ifPresent(
              passes ->
                  LOG.info(
                      "{} takes {} ticks a step from here on, with up to {} passes of a stage in"
                          + " each: the shortest for what ticks and passes take here",
                      schedule.name(),
                      Ticks.of(schedule, passes).count() + ticks.count() - ticks.schedule().count(),
                      passes));
      return parts;
    } catch (StagecoachException e) {
      throw e.at(place(e.where()).atStep(step.context().step()));
    } finally {
      shuffles.forEach(
          shuffle -> spark.cleaner().get().doCleanupShuffle(shuffle.shuffleId(), false));
      broadcasts.forEach(Broadcast::destroy);
    }
  }

  /** The stage of an error's executor, where it names no stage; and the other way round. */
  private Where place(Where known) {
    return stages().stream()
        .filter(
            address ->
                known.stage() >= 0
                    ? known.stage() == address.stage()
                    : known.executor().equals(address.executorAndHost()))
        .findFirst()
        .map(spec::place)
        .orElse(Where.nowhere());
  }

  private List<TickTask.Sent> sent(boolean withWeights, List<Broadcast<byte[]>> broadcasts) {
    List<TickTask.Sent> all = new ArrayList<>();
    for (int executor = 0; executor < spec.executors(); executor++) {
      all.add(
          new TickTask.Sent(
              withWeights
                  ? SentBytes.of(spark, lastWeights[executor], broadcasts)
                  : SentBytes.none(),
              spec.hostsFirst(executor) ? SentBytes.withTask(toldGiven) : SentBytes.none(),
              slices.decision()));
    }
    return all;
  }

  /** What the stages say, in their order. */
  private List<StagePart> parts(List<Object> results, Schedule schedule) {
    Map<Integer, StagePart> byStage = new HashMap<>();
    for (Object result : results) {
      byte[][] said = (byte[][]) result;
      for (int i = 0; i < said.length; i += 2) {
        Message.StepDone done = (Message.StepDone) MessageJson.read(said[i]);
        Tensors tensors = bytes.decode(said[i + 1]);
        processes.put(done.stage(), done.memory());
        byStage.put(
            done.stage(),
            new StagePart(
                done.report(SpanTensor.unpack(schedule.actionsOf(done.stage()), tensors)),
                tensors));
      }
    }
    List<StagePart> parts = new ArrayList<>();
    for (StageSpec stage : spec.stages()) {
      parts.add(byStage.get(stage.stage()));
    }
    return parts;
  }

  private static StagecoachException misplaced(MisplacedException e) {
    return new StagecoachException(
        ErrorKind.CLUSTER,
        e.getMessage(),
        Where.nowhere(),
        "Raise spark.locality.wait, keep other jobs off these executors, or use exchange=streaming.",
        e);
  }

  /**
   * The weights of an executor that Spark gives to others are not where its stages would move to:
   * it counts as one that is lost, but for that nobody is to blame.
   */
  private static StagecoachException withoutWeights(MisplacedException e) {
    return new StagecoachException(
        ErrorKind.PEER,
        e.getMessage() + ", where its weights are not",
        Where.nowhere(),
        "Raise spark.locality.wait, or keep other jobs off these executors.",
        e);
  }

  @Override
  public StageSlices slices() {
    return slices;
  }

  /** Runs jobs about the stages' own weights. */
  private final class SliceJobs implements ShuffledSlices.Jobs {

    @Override
    public List<Home> homes() {
      return homes;
    }

    @Override
    public List<Home> elsewhere() {
      return Home.all(spark).stream().filter(home -> !homes.contains(home)).toList();
    }

    @Override
    public List<Object> run(
        List<Home> on, PinnedRdd.Work work, List<KeepTask.Kept> data, String what) {
      try {
        return jobs.run(
            rule.on(new PinnedRdd(spark, on, null, data, work)), what, on, spec.deadlines().step());
      } catch (MisplacedException e) {
        throw withoutWeights(e);
      } catch (StagecoachException e) {
        throw e.at(place(e.where()));
      }
    }
  }

  @Override
  public void abandon() {
    if (!spark.isStopped()) {
      List<Home> now = Home.all(spark);
      end(
          Stream.concat(left.stream(), homes.stream()).filter(now::contains).toList(),
          BuildTask.KeptWeights.LEFT,
          HURRY);
    } else {
      end(List.of(), BuildTask.KeptWeights.LEFT, HURRY);
    }
  }

  @Override
  public void close() {
    if (!spark.isStopped()) {
      end(
          Stream.concat(left.stream(), homes.stream()).distinct().toList(),
          BuildTask.KeptWeights.CLOSED,
          spec.deadlines().contact());
    } else {
      end(List.of(), BuildTask.KeptWeights.CLOSED, HURRY);
    }
  }

  /** Stages that cannot be ended now are ended when their executor is given others of the run. */
  private void end(List<Home> all, BuildTask.KeptWeights weights, Duration deadline) {
    if (ended) {
      return;
    }
    ended = true;
    try (memory;
        bytes;
        jobs) {
      Arrays.fill(lastWeights, null);
      slices.close();
      if (!all.isEmpty()) {
        jobs.run(
            rule.on(new PinnedRdd(spark, all, null, null, new BuildTask.End(run, weights))),
            "Stagecoach: closing the stages",
            all,
            deadline);
      }
    } catch (MisplacedException | StagecoachException e) {
      LOG.debug("The stages could not be closed", e);
    }
  }
}
