package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to change a model folder, which one run has at a time, for a while that it prolongs. It
 * is a file with a number; whoever has the highest holds it. Files are only ever created, where
 * there is none of their number: taking a lease over from a run that died, and prolonging it, are
 * creating the next one, which of several runs at once one can. Ends are compared with the clock of
 * whoever looks: clocks must not differ by more than a part of the lease's duration.
 */
final class Lease implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

  private static final String FOLDER = "lease";
  private static final Pattern FORM = Pattern.compile("([0-9]{1,18})\\.json");

  /** How often a lease is prolonged while it lasts. */
  private static final int RENEWALS = 3;

  /**
   * What a lease's file says.
   *
   * @param owner tells a run from all others
   * @param host where it runs, for people
   * @param process its process
   * @param interval what it does
   * @param until when the lease ends, unless it is prolonged
   */
  record Note(String owner, String host, ProcessMark process, String interval, String until) {}

  private final FolderFiles files;
  private final IntervalKey interval;
  private final Duration duration;
  private final Clock clock;
  private final String owner = UUID.randomUUID().toString();
  private final ScheduledExecutorService renewal =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "stagecoach-lease");
            thread.setDaemon(true);
            return thread;
          });

  // Guarded by this.
  private long number;
  private Instant until;
  private boolean lost;

  private Lease(FolderFiles files, IntervalKey interval, Duration duration, Clock clock) {
    this.files = files;
    this.interval = interval;
    this.duration = duration;
    this.clock = clock;
  }

  /**
   * Takes the lease, and prolongs it until it is closed.
   *
   * @throws StagecoachException BUSY if another run has it, OUTPUT if the folder cannot be written
   */
  static Lease take(FolderFiles files, IntervalKey interval, Duration duration, Clock clock) {
    Lease lease = new Lease(files, interval, duration, clock);
    try {
      lease.take();
    } catch (IOException e) {
      lease.renewal.shutdownNow();
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The lease of " + files.path("") + " cannot be taken: " + e.getMessage(),
          Where.nowhere(),
          "Check that the job may write there.",
          e);
    } catch (RuntimeException e) {
      lease.renewal.shutdownNow();
      throw e;
    }
    long pause = Math.max(1, duration.toMillis() / RENEWALS);
    ScheduledFuture<?> unused =
        lease.renewal.scheduleWithFixedDelay(
            lease::renewQuietly, pause, pause, TimeUnit.MILLISECONDS);
    return lease;
  }

  private synchronized void take() throws IOException {
    OptionalLong newest = newest();
    if (newest.isPresent()) {
      requireOver(newest.getAsLong());
    }
    if (!create(newest.orElse(0) + 1)) {
      throw busy("another run has taken it at the same time");
    }
  }

  private void requireOver(long held) throws IOException {
    Optional<byte[]> content = files.read(name(held));
    if (content.isEmpty()) {
      throw busy("another run is just taking it");
    }
    Note note;
    try {
      note = FolderJson.read(content.get(), Note.class);
    } catch (IOException unfinished) {
      // Its owner died while it was written, or is writing it.
      Instant end = changed(held).plus(duration);
      if (clock.instant().isBefore(end)) {
        throw busy("another run is taking it; if it has died, the lease ends at " + end);
      }
      LOG.warn("The lease {} was never finished: it is taken over", files.path(name(held)));
      return;
    }
    String whose =
        "the run of interval " + note.interval() + " on " + note.host() + ", until " + note.until();
    if (note.process().hasEnded()) {
      LOG.warn("The lease of {}, whose process has ended, is taken over", whose);
    } else if (clock.instant().isBefore(Instant.parse(note.until()))) {
      throw busy("it belongs to " + whose);
    } else {
      LOG.warn("The lease of {}, which was not prolonged, is taken over", whose);
    }
  }

  private Instant changed(long held) throws IOException {
    return files.list(FOLDER).stream()
        .filter(entry -> entry.name().equals(name(held).substring(FOLDER.length() + 1)))
        .map(FolderFiles.Entry::changed)
        .findFirst()
        .orElseGet(clock::instant);
  }

  /** Creates the file of this number, and has the lease if that is then the highest. */
  private boolean create(long wanted) throws IOException {
    Instant end = clock.instant().plus(duration);
    try {
      files.createNew(
          name(wanted),
          FolderJson.write(
              new Note(owner, host(), ProcessMark.current(), interval.text(), end.toString())));
    } catch (FileAlreadyExistsException taken) {
      return false;
    }
    long highest = newest().orElse(0);
    if (highest != wanted) {
      // The number was free because whoever had it has gone on to a higher one.
      files.delete(name(wanted));
      return false;
    }
    if (!isMine(wanted)) {
      return false;
    }
    number = wanted;
    until = end;
    removeBelow(wanted);
    return true;
  }

  /** Where two have created a file at once, as on an object store, the last one has written it. */
  private boolean isMine(long wanted) throws IOException {
    Optional<byte[]> content = files.read(name(wanted));
    return content.isPresent() && FolderJson.read(content.get(), Note.class).owner().equals(owner);
  }

  private void removeBelow(long kept) {
    try {
      for (long old : numbers().filter(n -> n < kept).toArray()) {
        files.delete(name(old));
      }
    } catch (IOException e) {
      LOG.info("Ended leases could not be removed: {}", e.toString());
    }
  }

  private LongStream numbers() throws IOException {
    return files.list(FOLDER).stream()
        .map(entry -> FORM.matcher(entry.name()))
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)));
  }

  private OptionalLong newest() throws IOException {
    return numbers().max();
  }

  private static String name(long number) {
    return FOLDER + "/" + String.format(Locale.ROOT, "%010d.json", number);
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "a host without a name";
    }
  }

  private void renewQuietly() {
    try {
      renew();
    } catch (IOException | RuntimeException e) {
      LOG.warn("The lease could not be prolonged, which is tried again: {}", e.toString());
    }
  }

  /** Prolongs it, unless another run has taken it over. */
  synchronized void renew() throws IOException {
    if (!lost && !create(number + 1)) {
      lost = true;
      LOG.error("Another run has taken over the lease of {}", files.path(""));
    }
  }

  /**
   * That this run still has it: to be asked before what others must not do at the same time.
   *
   * @throws StagecoachException BUSY if it has not
   */
  synchronized void requireHeld() {
    if (lost || !clock.instant().isBefore(until)) {
      throw busy("it was not prolonged in time");
    }
  }

  private StagecoachException busy(String why) {
    return new StagecoachException(
        ErrorKind.BUSY,
        "This run may not change the models at "
            + files.path("")
            + ": it needs the lease, and "
            + why,
        "Start it again when the other run has ended.");
  }

  @Override
  public void close() {
    renewal.shutdownNow();
    synchronized (this) {
      if (!lost) {
        try {
          files.delete(name(number));
        } catch (IOException e) {
          LOG.warn("The lease could not be given back, and ends by itself: {}", e.toString());
        }
      }
    }
  }
}
