package io.stagecoach.schedule;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The training schedules there are, by name. */
public final class Schedules {

  private final Map<String, ScheduleAuthor> byName = new TreeMap<>();

  private Schedules(List<ScheduleAuthor> authors) {
    for (ScheduleAuthor author : authors) {
      if (byName.put(author.name(), author) != null) {
        throw new IllegalArgumentException("two schedules named " + author.name());
      }
    }
  }

  /** Those on the class path: Stagecoach's own, and what {@link ServiceLoader} finds beside. */
  public static Schedules standard() {
    List<ScheduleAuthor> found = new ArrayList<>();
    ServiceLoader.load(ScheduleAuthor.class, ScheduleAuthor.class.getClassLoader())
        .forEach(found::add);
    return new Schedules(found);
  }

  /** These, and one more. */
  public Schedules and(ScheduleAuthor author) {
    return new Schedules(Stream.concat(byName.values().stream(), Stream.of(author)).toList());
  }

  /** Their names, sorted. */
  public List<String> names() {
    return new ArrayList<>(byName.keySet());
  }

  /**
   * Those that are of use with so many chunks, by name: with several, the ones that give an
   * executor several stages, and with one the others.
   */
  public List<ScheduleAuthor> forChunks(int chunks) {
    return byName.values().stream().filter(author -> interleaves(author) == (chunks > 1)).toList();
  }

  private static boolean interleaves(ScheduleAuthor author) {
    try {
      return !author.compute(new PipelineShape(2, 1, 2)).isEmpty();
    } catch (StagecoachException cannot) {
      return false;
    }
  }

  /**
   * The author of that name.
   *
   * @throws StagecoachException CONFIGURATION, with the names there are, if there is none
   */
  public ScheduleAuthor named(String name) {
    ScheduleAuthor author = byName.get(name);
    if (author == null) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          "There is no schedule named '" + name + "'",
          "Choose one of " + String.join(", ", names()) + ".");
    }
    return author;
  }
}
