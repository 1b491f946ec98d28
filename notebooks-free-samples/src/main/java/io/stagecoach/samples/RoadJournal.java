package io.stagecoach.samples;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Writes the text that the quick start learns from: the journal of a coachman, made up day by day
 * from a grammar. Anyone may use the text for anything.
 *
 * <p>Usage: {@code RoadJournal FILE}. What it writes is in the repository already, as {@code
 * notebooks-free-samples/data/road-journal.txt}.
 */
public final class RoadJournal {

  private static final long SEED = 1784;
  private static final int CHARACTERS = 200_000;
  private static final LocalDate FIRST_DAY = LocalDate.of(1784, 8, 2);
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEEE, d MMMM", Locale.ENGLISH);

  private RoadJournal() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      throw new IllegalArgumentException("usage: RoadJournal FILE");
    }
    Files.writeString(Path.of(arguments[0]), write());
  }

  /** The journal, always the same: whole days, until there are characters enough. */
  public static String write() throws IOException {
    Grammar grammar = grammar();
    SplittableRandom random = new SplittableRandom(SEED);
    StringBuilder journal = new StringBuilder();
    LocalDate day = FIRST_DAY;
    while (journal.length() < CHARACTERS) {
      journal.append(DATE.format(day)).append(".\n");
      journal.append(grammar.write("season-" + season(day), random)).append(' ');
      journal.append(grammar.write("day", random)).append("\n\n");
      day = day.plusDays(1);
    }
    return journal.toString();
  }

  private static String season(LocalDate day) {
    return switch (day.getMonth()) {
      case DECEMBER, JANUARY, FEBRUARY -> "winter";
      case MARCH, APRIL, MAY -> "spring";
      case JUNE, JULY, AUGUST -> "summer";
      case SEPTEMBER, OCTOBER, NOVEMBER -> "autumn";
    };
  }

  private static Grammar grammar() throws IOException {
    try (InputStream source = RoadJournal.class.getResourceAsStream("road-journal.grammar")) {
      return Grammar.parse(new String(source.readAllBytes(), StandardCharsets.UTF_8));
    }
  }
}
