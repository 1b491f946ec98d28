package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.RerunKind;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of retraining: an interval's candidate is trained from the accepted model, compared with
 * it and promoted or refused. A run that dies at any moment leaves the pointer and all that it
 * refers to as they were before or as they are after; the next run of the interval goes on.
 */
public final class Retraining {

  private static final Logger LOG = LoggerFactory.getLogger(Retraining.class);

  private final ModelFolder folder;
  private final RetrainWork work;
  private final PromotionRule rule;
  private final RerunKind rerun;
  private final Duration lease;
  private final int keep;
  private final Clock clock;

  /**
   * @param folder where the model's generations are
   * @param work what trains and measures
   * @param rule what decides
   * @param rerun what happens where the interval has a result
   * @param lease how long others must wait for a run that has died
   * @param keep how many candidates stay, the newest ones; 0 for all
   */
  public Retraining(
      ModelFolder folder,
      RetrainWork work,
      PromotionRule rule,
      RerunKind rerun,
      Duration lease,
      int keep,
      Clock clock) {
    this.folder = folder;
    this.work = work;
    this.rule = rule;
    this.rerun = rerun;
    this.lease = lease;
    this.keep = keep;
    this.clock = clock;
  }

  /**
   * How a run ended.
   *
   * @param record what was decided
   * @param doneBefore whether an earlier run had decided it, and this one did nothing
   * @param recordPath where the record is
   * @param accepted the path of the model that is accepted now
   */
  public record Outcome(
      RetrainRecord record, boolean doneBefore, String recordPath, Optional<String> accepted) {}

  /**
   * Runs an interval.
   *
   * @throws StagecoachException BUSY if another run changes the folder, else what training and
   *     measuring throw, after it was noted beside the candidate
   */
  public Outcome run(IntervalKey interval) {
    try (Lease held = Lease.take(folder.files(), interval, lease, clock)) {
      folder.settle();
      OptionalInt last = folder.lastAttempt(interval);
      Optional<RetrainRecord> done =
          last.isPresent() ? folder.record(interval, last.getAsInt()) : Optional.empty();
      if (done.isPresent() && done.get().isResult() && rerun == RerunKind.SKIP) {
        LOG.info("Interval {} has been done: {}", interval, done.get().reason());
        return outcome(done.get(), true);
      }
      Optional<String> nothing = work.nothingNew();
      if (nothing.isPresent()) {
        return nothingNew(interval, nothing.get(), done);
      }
      return new Attempt(interval, held).run();
    }
  }

  private Outcome outcome(RetrainRecord record, boolean doneBefore) {
    return new Outcome(
        record,
        doneBefore,
        folder.recordPath(new IntervalKey(record.interval()), record.attempt()),
        folder.acceptedPath());
  }

  private Outcome nothingNew(IntervalKey interval, String why, Optional<RetrainRecord> done) {
    if (done.filter(before -> before.decision().equals(RetrainRecord.NOTHING_NEW)).isPresent()) {
      return outcome(done.get(), true);
    }
    Instant began = clock.instant();
    Start start = new Start(null, work.settings());
    int attempt = folder.begin(interval, start);
    RetrainRecord record =
        record(
            interval, attempt, RetrainRecord.NOTHING_NEW, why, Optional.empty(), null, null, began);
    folder.decide(record);
    return outcome(record, false);
  }

  /**
   * What a candidate starts from and is compared with.
   *
   * @param model the model; empty where there is none yet
   * @param own whether the model in force is the interval's own earlier result
   */
  private record Base(Optional<ModelRef> model, boolean own) {}

  /**
   * The accepted model; or, where that is the interval's own earlier result, the one before, so
   * that nothing is learned twice and a result takes the place of the same interval's.
   */
  private Base base(IntervalKey interval) {
    Optional<Accepted> pointer = folder.accepted();
    boolean own = pointer.filter(p -> p.model().interval().equals(interval.text())).isPresent();
    Optional<ModelRef> model = own ? pointer.map(Accepted::before) : pointer.map(Accepted::model);
    return new Base(model, own);
  }

  private RetrainRecord record(
      IntervalKey interval,
      int attempt,
      String decision,
      String reason,
      Optional<Measured> measured,
      RetrainRecord.Model candidate,
      RetrainRecord.Model accepted,
      Instant began) {
    Instant ended = clock.instant();
    return new RetrainRecord(
        interval.text(),
        attempt,
        decision,
        reason,
        rule.metric().word(),
        rule.margin(),
        rule.tolerance(),
        measured.map(Measured::data).orElse(Map.of()),
        measured.map(Measured::heldOut).orElse(Map.of()),
        candidate,
        accepted,
        work.settings(),
        work.versions(),
        began.toString(),
        ended.toString(),
        Duration.between(began, ended).toMillis() / 1e3);
  }

  /** One attempt at an interval that has rows. */
  private final class Attempt {

    private final IntervalKey interval;
    private final Lease held;
    private final Base base;
    private final Instant began = clock.instant();
    private final int number;
    private final ModelRef candidate;

    Attempt(IntervalKey interval, Lease held) {
      this.interval = interval;
      this.held = held;
      this.base = base(interval);
      this.number = folder.begin(interval, new Start(base.model().orElse(null), work.settings()));
      this.candidate = ModelFolder.model(interval, number);
    }

    Outcome run() {
      try {
        return decide();
      } catch (RuntimeException e) {
        folder.failed(
            record(
                interval,
                number,
                RetrainRecord.FAILED,
                e instanceof StagecoachException typed ? typed.what() : e.toString(),
                Optional.empty(),
                null,
                null,
                began));
        throw e;
      }
    }

    private Outcome decide() {
      String path = folder.files().path(candidate.path());
      if (!work.isTrained(path)) {
        work.train(path, base.model().map(model -> folder.files().path(model.path())));
      }
      held.requireHeld();
      Measured measured = work.measure(path, base.model().map(this::model));
      Decision decision = rule.decide(measured);
      RetrainRecord record =
          record(
              interval,
              number,
              decision.word(),
              decision.reason(),
              Optional.of(measured),
              measures(
                  candidate,
                  measured.candidate(),
                  measured.earlier().map(Measured.Pair::candidate)),
              base.model()
                  .map(
                      model ->
                          measures(
                              model,
                              measured.accepted().orElse(Map.of()),
                              measured.earlier().map(Measured.Pair::accepted)))
                  .orElse(null),
              began);
      held.requireHeld();
      movePointer(decision, record);
      folder.decide(record);
      if (keep > 0) {
        folder.keepNewest(keep);
      }
      LOG.info("Interval {}: {}, because {}", interval, decision.word(), decision.reason());
      return outcome(record, false);
    }

    private RetrainWork.AcceptedModel model(ModelRef ref) {
      return new RetrainWork.AcceptedModel(
          folder.files().path(ref.path()), new IntervalKey(ref.interval()));
    }

    private static RetrainRecord.Model measures(
        ModelRef ref, Map<String, Double> metrics, Optional<Map<String, Double>> earlier) {
      return new RetrainRecord.Model(ref, metrics, earlier.orElse(Map.of()));
    }

    /** To the candidate; or, where the interval's own earlier result is replaced, back. */
    private void movePointer(Decision decision, RetrainRecord record) {
      if (decision instanceof Decision.Promoted) {
        folder.accept(candidate, base.model().orElse(null), record);
      } else if (base.own() && base.model().isPresent()) {
        ModelRef back = base.model().get();
        folder.accept(back, folder.acceptanceOf(back).map(Accepted::before).orElse(null), record);
      }
    }
  }
}
