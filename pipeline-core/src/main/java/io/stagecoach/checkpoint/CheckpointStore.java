package io.stagecoach.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.stagecoach.batch.ChunkStorage;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory of checkpoints, each a folder of its own. A process that dies at any moment leaves
 * the last one that it committed, whole.
 */
public final class CheckpointStore {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);

  private static final Pattern DONE = Pattern.compile("done-([0-9]{1,18})");

  private final ChunkStorage storage;
  private final Clock clock;

  /**
   * @param storage the directory, on any file system
   * @param clock says when checkpoints are written, and how old they are
   */
  public CheckpointStore(ChunkStorage storage, Clock clock) {
    this.storage = storage;
    this.clock = clock;
  }

  /** The storage. */
  public ChunkStorage storage() {
    return storage;
  }

  /**
   * Writes a checkpoint, the newest from the moment that this returns; borrows it.
   *
   * @return the name of its folder
   * @throws IOException if it could not be written: the one before is then still the newest
   */
  public CheckpointName write(Checkpoint checkpoint) throws IOException {
    long number = 1 + folders().stream().mapToLong(CheckpointName::number).max().orElse(0);
    CheckpointName name = CheckpointName.next(number, checkpoint.run().position().step());
    folder(name).write(checkpoint, clock.millis());
    return name;
  }

  /**
   * The newest checkpoint that is whole, for the caller to own. What is unfinished is passed over,
   * and so is what is damaged, with a warning.
   *
   * @throws IOException if the directory cannot be read
   */
  public Optional<Checkpoint> newest() throws IOException {
    return newestAfter(0);
  }

  /**
   * The newest whole checkpoint of a run that has not ended well, for the caller to own.
   *
   * @throws IOException if the directory cannot be read
   */
  public Optional<Checkpoint> newestToResume() throws IOException {
    return newestAfter(done());
  }

  /** Up to which number checkpoints are of runs that are over. */
  private long done() throws IOException {
    return storage.list("").stream()
        .map(DONE::matcher)
        .filter(Matcher::matches)
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
        .max()
        .orElse(0);
  }

  /**
   * Notes that no run is to go on with what is there now: because the run has ended well, or
   * another begins anew.
   */
  public void noneToResume() throws IOException {
    OptionalLong last = folders().stream().mapToLong(CheckpointName::number).max();
    if (last.isPresent() && last.getAsLong() > done()) {
      try (OutputStream out = storage.create("done-" + last.getAsLong())) {
        out.write("No run goes on with the checkpoints up to this one.\n".getBytes(US_ASCII));
      }
    }
  }

  /**
   * The newest whole checkpoint of a step, for the caller to own.
   *
   * @throws IOException if the directory cannot be read
   */
  public Optional<Checkpoint> newestOfStep(long step) throws IOException {
    return newest(name -> name.step() == step);
  }

  private Optional<Checkpoint> newestAfter(long number) throws IOException {
    return newest(name -> name.number() > number);
  }

  private Optional<Checkpoint> newest(Predicate<CheckpointName> wanted) throws IOException {
    for (CheckpointName name : folders().descendingSet()) {
      if (!wanted.test(name)) {
        continue;
      }
      if (!folder(name).exists()) {
        LOG.info("Checkpoint {} in {} was never finished: passed over", name, storage);
        continue;
      }
      try {
        return Optional.of(folder(name).read());
      } catch (IOException e) {
        LOG.warn("Checkpoint {} in {} is passed over: {}", name, storage, e.getMessage());
      }
    }
    return Optional.empty();
  }

  /**
   * The checkpoint whose folder the storage is, or the newest whole one below it.
   *
   * @throws IOException if it is damaged
   */
  public static Optional<Checkpoint> open(ChunkStorage storage) throws IOException {
    CheckpointFolder itself = new CheckpointFolder(storage, "");
    return itself.exists()
        ? Optional.of(itself.read())
        : new CheckpointStore(storage, Clock.systemUTC()).newest();
  }

  /** The committed checkpoints, the oldest first. */
  public List<CheckpointName> committed() throws IOException {
    List<CheckpointName> committed = new ArrayList<>();
    for (CheckpointName name : folders()) {
      if (folder(name).exists()) {
        committed.add(name);
      }
    }
    return committed;
  }

  /**
   * Removes what is not to be kept, and what was begun before the newest and never finished. Not to
   * be called while another thread writes.
   */
  public void retain(Retention retention) throws IOException {
    Instant now = clock.instant();
    int newer = 0;
    for (CheckpointName name : folders().descendingSet()) {
      CheckpointFolder folder = folder(name);
      if (!folder.exists()) {
        if (newer > 0) {
          folder.delete();
        }
        continue;
      }
      if (retention.keeps(newer, written(folder), now)) {
        newer++;
      } else {
        folder.delete();
      }
    }
  }

  /** When it was written; one that cannot be read was so long ago. */
  private static Instant written(CheckpointFolder folder) {
    try {
      return Instant.ofEpochMilli(folder.manifest().writtenMillis());
    } catch (IOException damaged) {
      return Instant.EPOCH;
    }
  }

  /**
   * Removes all checkpoints with what was noted of them, and the directory where nothing else is in
   * it.
   */
  public void clear() throws IOException {
    for (CheckpointName name : folders()) {
      folder(name).delete();
    }
    for (String file : storage.list("")) {
      if (DONE.matcher(file).matches()) {
        storage.delete(file);
      }
    }
    if (storage.list("").isEmpty()) {
      storage.delete("");
    }
  }

  private NavigableSet<CheckpointName> folders() throws IOException {
    NavigableSet<CheckpointName> names = new TreeSet<>();
    for (String file : storage.list("")) {
      int end = file.indexOf('/');
      if (end > 0) {
        CheckpointName.parse(file.substring(0, end)).ifPresent(names::add);
      }
    }
    return names;
  }

  private CheckpointFolder folder(CheckpointName name) {
    return new CheckpointFolder(storage, name.toString());
  }
}
