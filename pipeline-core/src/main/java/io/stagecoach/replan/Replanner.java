package io.stagecoach.replan;

import io.stagecoach.plan.DeviceLimits;
import io.stagecoach.plan.DevicePins;
import io.stagecoach.plan.Plan;
import io.stagecoach.plan.PlanRequest;
import io.stagecoach.report.RunRecorder;
import io.stagecoach.report.StepRecord;
import io.stagecoach.schedule.FewerExecutors;
import io.stagecoach.schedule.Schedule;
import io.stagecoach.schedule.StageCosts;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Watches what the stages of a pipeline take, and says when another cut would be worth it. Looks at
 * a few steps together, twice in a row before it says something, so that a moment's disturbance
 * moves nothing; keeps still for a while after each change, ever longer where one did not bring
 * what it should have.
 *
 * <p>One thread calls it.
 */
public final class Replanner {

  private static final long HOUR = Duration.ofHours(1).toNanos();

  /** Steps that are looked at together. */
  private static final int WINDOW = 4;

  /** Looks in a row that must agree that another cut is better. */
  private static final int LOOKS = 2;

  /** The first steps of stages placed anew load classes and fill caches. */
  private static final int SETTLING = 2;

  /** Looks without a change after one. */
  private static final int REST = 3;

  private final PlanRequest request;
  private final int replicas;
  private final Supplier<DeviceLimits> limits;
  private final Supplier<HopEstimates> hops;
  private final LayerEstimates estimates;
  private final StepTime stepTime;
  private final CutSearch search;
  private final ReplanRules rules;
  private final LongSupplier nanoClock;
  private final Deque<Long> changes = new ArrayDeque<>();
  private final int places;
  private int hosts;
  private Plan plan;
  private RunRecorder window;
  private Schedule windowSchedule;

  /** That of the window, on the executors that there are. */
  private Schedule onHosts;

  private int inWindow;
  private long windowNanos;
  private long lastStep;
  private int settling;
  private int agreeing;
  private int rest;
  private int disappointments;
  private Proposal proposal;
  private double stepNanos = Double.NaN;
  private Change open;
  private String brought;

  /** A change whose effect is not known yet. */
  private record Change(double before, long promised) {}

  /**
   * @param plan the cut that the pipeline has
   * @param request what any cut must keep to
   * @param replicas how many pipelines of this cut work side by side
   * @param devices which stages may be on which devices, as these are whenever it is asked; those
   *     of all replicas are numbered through
   * @param limits what devices may hold, by the same numbers, whenever it is asked
   * @param hops what hops between devices should take in proportion to each other, by the same
   *     numbers, whenever it is asked
   * @param estimates what the layers should take
   * @param nanoClock tells when an hour is over
   */
  public Replanner(
      Plan plan,
      PlanRequest request,
      int replicas,
      DevicePins devices,
      Supplier<DeviceLimits> limits,
      Supplier<HopEstimates> hops,
      LayerEstimates estimates,
      StepTime stepTime,
      ReplanRules rules,
      LongSupplier nanoClock) {
    this.plan = plan;
    this.request = request;
    this.replicas = replicas;
    this.search =
        new CutSearch(
            request, replicas, devices, estimates, stepTime, CutSearch.Effort.BETWEEN_STEPS);
    this.limits = limits;
    this.hops = hops;
    this.estimates = estimates;
    this.stepTime = stepTime;
    this.rules = rules;
    this.nanoClock = nanoClock;
    this.places = replicas * request.executors();
    this.hosts = places;
  }

  /**
   * Takes a step of a whole mini-batch.
   *
   * @param schedule the one that it went by
   */
  public void observe(StepRecord step, Schedule schedule) {
    if (settling > 0) {
      settling--;
      return;
    }
    if (window == null || !schedule.equals(windowSchedule)) {
      begin(schedule);
    }
    window.record(step);
    lastStep = step.step();
    windowNanos += step.wallNanos();
    inWindow++;
    if (inWindow == WINDOW) {
      look();
      window = null;
    }
  }

  private void begin(Schedule schedule) {
    window = new RunRecorder(schedule, 0);
    windowSchedule = schedule;
    onHosts = FewerExecutors.gather(schedule, hosts);
    windowNanos = 0;
    inWindow = 0;
  }

  private void look() {
    stepNanos = (double) windowNanos / WINDOW;
    conclude();
    if (rest > 0) {
      rest--;
      return;
    }
    Optional<Proposal> better = better(RunRecorder.costs(window.report()));
    agreeing = better.isPresent() ? agreeing + 1 : 0;
    proposal = better.orElse(null);
  }

  /** The first look after a change shows what it brought. */
  private void conclude() {
    if (open == null) {
      return;
    }
    double gained = open.before() - stepNanos;
    disappointments = gained < open.promised() / 2.0 ? disappointments + 1 : 0;
    brought =
        String.format(
            Locale.ROOT,
            "The new cut brought steps of %s ms, after %s ms",
            millis(stepNanos),
            millis(open.before()));
    rest += REST * ((1 << Math.min(disappointments, 10)) - 1);
    open = null;
  }

  private Optional<Proposal> better(StageCosts seen) {
    DeviceSpeeds speeds = DeviceSpeeds.of(seen, plan, request.executors(), replicas, estimates);
    HopEstimates hopsNow = search.asSeen(plan, hops.get(), seen.hop());
    StageCosts observed = seen.withHops(search.hops(plan, hopsNow));
    long now = stepTime.of(onHosts, observed);
    return search
        .best(new CutSearch.Now(speeds, limits.get(), observed, hopsNow, onHosts, now))
        .map(found -> proposal(found, speeds, now))
        .filter(other -> other.changesPlaces() || !other.plan().ranges().equals(plan.ranges()))
        .filter(other -> other.gainNanos() >= rules.leastGain() * now);
  }

  private Proposal proposal(CutSearch.Found found, DeviceSpeeds speeds, long now) {
    return new Proposal(
        found.plan(),
        found.order(),
        now,
        found.stepNanos(),
        found.costs(),
        reason(found, speeds, now));
  }

  private String reason(CutSearch.Found found, DeviceSpeeds speeds, long now) {
    return String.format(
        Locale.ROOT,
        "Cut anew after step %,d: layers %s, not %s; a step's stages should take %s ms, not %s"
            + " (%s)",
        lastStep + 1,
        found.plan().ranges(),
        plan.ranges(),
        millis((double) found.stepNanos()),
        millis((double) now),
        hosts < places ? together() : slowest(speeds, found.order()));
  }

  private String together() {
    return String.format(Locale.ROOT, "%d executors have the places of %d", hosts, places);
  }

  private static String slowest(DeviceSpeeds speeds, List<Integer> order) {
    int slowest = 0;
    for (int executor = 1; executor < order.size(); executor++) {
      slowest = speeds.relative(executor) > speeds.relative(slowest) ? executor : slowest;
    }
    int place = order.indexOf(slowest);
    return String.format(
        Locale.ROOT,
        "executor %d takes %.2f times as long for its layers as the fastest%s",
        slowest,
        speeds.relative(slowest),
        place == slowest ? "" : ", and becomes executor " + place);
  }

  private static String millis(double nanos) {
    double millis = nanos / 1e6;
    return String.format(Locale.ROOT, millis < 1 ? "%.3f" : millis < 100 ? "%.1f" : "%.0f", millis);
  }

  /**
   * Another cut that is worth it, if there is one.
   *
   * @param stepsLeft how many steps the run still has
   * @param costNanos how long placing the stages anew takes
   */
  public Optional<Proposal> propose(long stepsLeft, long costNanos) {
    if (agreeing < LOOKS || !isAllowed()) {
      return Optional.empty();
    }
    double saved = (double) proposal.gainNanos() * Math.min(stepsLeft, rules.repaySteps());
    return saved > costNanos ? Optional.of(proposal) : Optional.empty();
  }

  private boolean isAllowed() {
    long now = nanoClock.getAsLong();
    while (!changes.isEmpty() && now - changes.peekFirst() > HOUR) {
      changes.removeFirst();
    }
    return changes.size() < rules.perHour();
  }

  /** The pipeline has the proposed cut now. */
  public void adopted(Proposal adopted) {
    changes.addLast(nanoClock.getAsLong());
    open = new Change(stepNanos, adopted.gainNanos());
    plan = adopted.plan();
    rest = REST;
    restart();
  }

  /** What was seen before does not count any more. */
  private void restart() {
    window = null;
    proposal = null;
    agreeing = 0;
    settling = SETTLING;
  }

  /**
   * Stages were placed anew on so many executors: fewer than they have places where some of these
   * share one, or all of them again. What a change of before has brought cannot be known any more
   * where it is another number.
   */
  public void placedOn(int executors) {
    if (executors != hosts) {
      hosts = executors;
      open = null;
      rest = 0;
    }
    restart();
  }

  /** What the last change brought, once that is known; said once. */
  public Optional<String> brought() {
    Optional<String> line = Optional.ofNullable(brought);
    brought = null;
    return line;
  }
}
