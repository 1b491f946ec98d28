package io.stagecoach.spark.job.retrain;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Days of data and what training on them does, without training: a model is a file with how wrong
 * it is on data that is right.
 */
final class Lake {

  /** What is in a day's data. */
  enum Day {
    /** A model gets better by a tenth of its error. */
    GOOD,
    /** A model gets neither better nor worse. */
    STALE,
    /** A model gets worse at all but the day's own rows, at which it is much better. */
    WRONG_LABELS,
    /** Training fails. */
    NOT_A_NUMBER,
    /** There are no rows. */
    EMPTY
  }

  /** Ends a process that trains. */
  static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  final Map<String, Day> days = new TreeMap<>();
  final List<String> trainings = new ArrayList<>();
  final Map<String, String> settings = new TreeMap<>(Map.of("learningRate", "0.1"));

  /** What happens when half of the training is done. */
  Runnable halfWay = () -> {};

  static double error(String path) {
    try {
      return Double.parseDouble(Files.readString(file(path)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder(String path) {
    return Path.of(path.replaceFirst("^file:", ""));
  }

  private static Path file(String path) {
    return folder(path).resolve("model.zip");
  }

  /** The work on one of them. */
  RetrainWork on(String day) {
    return new Work(day);
  }

  private final class Work implements RetrainWork {

    private final String day;

    Work(String day) {
      this.day = day;
    }

    private Day data() {
      return days.getOrDefault(day, Day.EMPTY);
    }

    @Override
    public Optional<String> nothingNew() {
      return data() == Day.EMPTY ? Optional.of("the day has no rows") : Optional.empty();
    }

    @Override
    public Map<String, String> settings() {
      return settings;
    }

    @Override
    public Map<String, String> versions() {
      return Map.of("stagecoach", "test");
    }

    @Override
    public boolean isTrained(String path) {
      return Files.exists(file(path));
    }

    @Override
    public void train(String path, Optional<String> from) {
      trainings.add(day);
      if (data() == Day.NOT_A_NUMBER) {
        throw new StagecoachException(ErrorKind.NUMERIC, "the loss is not finite", "Mend it.");
      }
      double before = from.map(Lake::error).orElse(1.0);
      try {
        Path beside = folder(path).resolveSibling(".model." + trainings.size() + ".part");
        Files.createDirectories(beside);
        halfWay.run();
        double after =
            switch (data()) {
              case GOOD -> 0.9 * before;
              case WRONG_LABELS -> before + 0.5;
              default -> before;
            };
        Files.writeString(beside.resolve("model.zip"), String.valueOf(after));
        Files.move(beside, folder(path));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** On wrong labels the worse model is the better one. */
    private Map<String, Double> measured(String path) {
      double error = error(path);
      return Map.of("loss", data() == Day.WRONG_LABELS ? 1 / error : error);
    }

    @Override
    public Measured measure(String candidate, Optional<AcceptedModel> accepted) {
      return new Measured(
          Map.of("id", day),
          Map.of("id", day),
          measured(candidate),
          accepted.map(model -> measured(model.path())),
          accepted.map(
              model ->
                  new Measured.Pair(
                      Map.of("loss", error(candidate)), Map.of("loss", error(model.path())))));
    }
  }
}
