package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a model's generations.
 *
 * <pre>
 *   accepted/0000000007.json                    the pointer in force: the highest number
 *   intervals/2026-11-19/attempt-0001/start.json   what it began with
 *                                    /model/       the candidate
 *                                    /record.json  what was decided, written last
 *                                    /failure.json what went wrong the last time, if it did
 *   lease/…                                     who changes it
 * </pre>
 *
 * <p>Files are written under other names and renamed to names that nothing has: what is there is
 * whole. Whoever changes the folder has its lease.
 */
public final class ModelFolder {

  private static final Logger LOG = LoggerFactory.getLogger(ModelFolder.class);

  private static final String ACCEPTED = "accepted";
  private static final String INTERVALS = "intervals";
  private static final String MODEL = "model";
  private static final Pattern POINTER = Pattern.compile("([0-9]{1,18})\\.json");
  private static final Pattern ATTEMPT = Pattern.compile("attempt-([0-9]{1,9})");
  private static final String START = "start.json";
  private static final String RECORD = "record.json";
  private static final String FAILURE = "failure.json";

  private final FolderFiles files;

  public ModelFolder(FolderFiles files) {
    this.files = files;
  }

  /** The files. */
  FolderFiles files() {
    return files;
  }

  private interface Operation<T> {
    T run() throws IOException;
  }

  private <T> T doing(String what, Operation<T> operation) {
    try {
      return operation.run();
    } catch (IOException e) {
      throw new StagecoachException(
          ErrorKind.OUTPUT,
          "The model folder " + files.path("") + " cannot be " + what + ": " + e.getMessage(),
          Where.nowhere(),
          "Check its path, that the job may write there, and the space that is left.",
          e);
    }
  }

  /**
   * The pointer in force; empty before the first promotion.
   *
   * @throws StagecoachException OUTPUT if the folder or the pointer cannot be read
   */
  public Optional<Accepted> accepted() {
    return doing(
        "read",
        () -> {
          OptionalLong newest = pointers().max();
          return newest.isPresent() ? Optional.of(pointer(newest.getAsLong())) : Optional.empty();
        });
  }

  /** The whole path of the accepted model; empty where there is none, or this is no such folder. */
  public Optional<String> acceptedPath() {
    return accepted().map(pointer -> files.path(pointer.model().path()));
  }

  private LongStream pointers() throws IOException {
    return files.list(ACCEPTED).stream()
        .map(entry -> POINTER.matcher(entry.name()))
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)));
  }

  private Accepted pointer(long number) throws IOException {
    String name = pointerName(number);
    byte[] content =
        files.read(name).orElseThrow(() -> new IOException(files.path(name) + " has gone"));
    try {
      return FolderJson.read(content, Accepted.class);
    } catch (IOException e) {
      throw new IOException(files.path(name) + " is no pointer: " + e.getMessage(), e);
    }
  }

  private static String pointerName(long number) {
    return ACCEPTED + "/" + String.format(Locale.ROOT, "%010d.json", number);
  }

  /** The newest pointer that had this model accepted; empty where none had. */
  Optional<Accepted> acceptanceOf(ModelRef model) {
    return doing(
        "read",
        () -> {
          long[] numbers = pointers().sorted().toArray();
          for (int i = numbers.length - 1; i >= 0; i--) {
            Accepted pointer = pointer(numbers[i]);
            if (pointer.model().equals(model)) {
              return Optional.of(pointer);
            }
          }
          return Optional.<Accepted>empty();
        });
  }

  /**
   * Moves the pointer, at once.
   *
   * @param model what is accepted now
   * @param before what it was compared with; null for the first
   * @param record what the run did
   */
  void accept(ModelRef model, ModelRef before, RetrainRecord record) {
    doing(
        "written",
        () -> {
          long number = pointers().max().orElse(0) + 1;
          files.commit(
              pointerName(number), FolderJson.write(new Accepted(number, model, before, record)));
          return null;
        });
  }

  /** The number of the newest attempt at an interval that began; empty where there is none. */
  OptionalInt lastAttempt(IntervalKey interval) {
    return doing("read", () -> lastBegun(interval));
  }

  private OptionalInt lastBegun(IntervalKey interval) throws IOException {
    List<FolderFiles.Entry> folders = files.list(INTERVALS + "/" + interval);
    OptionalInt last = OptionalInt.empty();
    for (FolderFiles.Entry folder : folders) {
      Matcher matcher = ATTEMPT.matcher(folder.name());
      if (matcher.matches()) {
        int number = Integer.parseInt(matcher.group(1));
        if (number > last.orElse(0) && start(interval, number).isPresent()) {
          last = OptionalInt.of(number);
        }
      }
    }
    return last;
  }

  Optional<Start> start(IntervalKey interval, int attempt) throws IOException {
    return read(folder(interval, attempt) + "/" + START, Start.class);
  }

  /** What was decided on an attempt; empty as long as nothing is. */
  Optional<RetrainRecord> record(IntervalKey interval, int attempt) {
    return doing("read", () -> read(folder(interval, attempt) + "/" + RECORD, RetrainRecord.class));
  }

  private <T> Optional<T> read(String name, Class<T> type) throws IOException {
    Optional<byte[]> content = files.read(name);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(FolderJson.read(content.get(), type));
    } catch (IOException e) {
      throw new IOException(files.path(name) + " is damaged: " + e.getMessage(), e);
    }
  }

  /**
   * The attempt to go on with, cleared of what was left half written; or a new one, where there is
   * none, it is decided on, or it began otherwise.
   */
  int begin(IntervalKey interval, Start start) {
    return doing(
        "written",
        () -> {
          int last = lastBegun(interval).orElse(0);
          if (last > 0
              && read(folder(interval, last) + "/" + RECORD, RetrainRecord.class).isEmpty()
              && start(interval, last).filter(start::isSameAs).isPresent()) {
            sweep(folder(interval, last));
            return last;
          }
          sweep(folder(interval, last + 1));
          files.commit(folder(interval, last + 1) + "/" + START, FolderJson.write(start));
          return last + 1;
        });
  }

  /** Removes what a run that died has left half written. */
  private void sweep(String folder) throws IOException {
    for (FolderFiles.Entry entry : files.list(folder)) {
      String name = entry.name();
      if (name.startsWith(".") && (name.endsWith(".tmp") || name.endsWith(".part"))) {
        files.delete(folder + "/" + name);
      }
    }
  }

  /** Writes what was decided on an attempt, once. */
  void decide(RetrainRecord record) {
    doing(
        "written",
        () -> {
          String folder = folder(new IntervalKey(record.interval()), record.attempt());
          sweep(folder);
          try {
            files.commit(folder + "/" + RECORD, FolderJson.write(record));
          } catch (FileAlreadyExistsException decided) {
            LOG.info("{} is there already", decided.getMessage());
          }
          files.delete(folder + "/" + FAILURE);
          return null;
        });
  }

  /**
   * Writes why an attempt failed; what cannot be written is logged, for the failure comes first.
   */
  void failed(RetrainRecord record) {
    String name = folder(new IntervalKey(record.interval()), record.attempt()) + "/" + FAILURE;
    try {
      files.write(name, FolderJson.write(record));
    } catch (IOException e) {
      LOG.warn("{} could not be written: {}", files.path(name), e.toString());
    }
  }

  /**
   * Completes what a run that died has begun: one that moved the pointer had decided, and its
   * record is in the pointer. What it left half written is removed.
   */
  void settle() {
    doing(
        "written",
        () -> {
          sweep(ACCEPTED);
          return null;
        });
    accepted()
        .map(Accepted::record)
        .filter(record -> record(new IntervalKey(record.interval()), record.attempt()).isEmpty())
        .ifPresent(this::decide);
  }

  /**
   * A candidate on which something was decided.
   *
   * @param decided when
   */
  private record Decided(ModelRef model, Instant decided) {}

  /**
   * Removes the models of old candidates; what was decided on them, and why, stays on record. The
   * model in force and the one before it stay, whatever their age, and so does what is not decided
   * on. What cannot be removed is logged, and tried again by the next run.
   *
   * @param newest how many candidates stay at least, the newest ones
   */
  void keepNewest(int newest) {
    try {
      Set<ModelRef> kept = new HashSet<>();
      accepted()
          .ifPresent(
              pointer -> {
                kept.add(pointer.model());
                Optional.ofNullable(pointer.before()).ifPresent(kept::add);
              });
      List<Decided> candidates = candidates();
      candidates.sort(
          Comparator.comparing(Decided::decided)
              .thenComparing(candidate -> candidate.model().path())
              .reversed());
      for (Decided candidate :
          candidates.subList(Math.min(newest, candidates.size()), candidates.size())) {
        if (!kept.contains(candidate.model())) {
          files.delete(candidate.model().path());
          LOG.info("Removed the old candidate {}", candidate.model().path());
        }
      }
    } catch (IOException | StagecoachException | DateTimeException e) {
      LOG.warn("Old candidates in {} could not be removed: {}", files.path(""), e.toString());
    }
  }

  /** Those that are there. */
  private List<Decided> candidates() throws IOException {
    List<Decided> all = new ArrayList<>();
    for (FolderFiles.Entry interval : files.list(INTERVALS)) {
      for (FolderFiles.Entry attempt : files.list(INTERVALS + "/" + interval.name())) {
        String folder = INTERVALS + "/" + interval.name() + "/" + attempt.name();
        Matcher matcher = ATTEMPT.matcher(attempt.name());
        boolean hasModel =
            files.list(folder).stream().anyMatch(entry -> entry.name().equals(MODEL));
        if (!matcher.matches() || !hasModel) {
          continue;
        }
        read(folder + "/" + RECORD, RetrainRecord.class)
            .ifPresent(
                record ->
                    all.add(
                        new Decided(
                            new ModelRef(
                                interval.name(),
                                Integer.parseInt(matcher.group(1)),
                                folder + "/" + MODEL),
                            Instant.parse(record.ended()))));
      }
    }
    return all;
  }

  /** Where the record of an attempt is. */
  String recordPath(IntervalKey interval, int attempt) {
    return files.path(folder(interval, attempt) + "/" + RECORD);
  }

  /** The candidate of an attempt. */
  static ModelRef model(IntervalKey interval, int attempt) {
    return new ModelRef(interval.text(), attempt, folder(interval, attempt) + "/" + MODEL);
  }

  private static String folder(IntervalKey interval, int attempt) {
    return INTERVALS + "/" + interval + String.format(Locale.ROOT, "/attempt-%04d", attempt);
  }
}
