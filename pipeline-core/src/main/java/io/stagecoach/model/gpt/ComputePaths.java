package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.nd4j.linalg.api.buffer.DataType;

/** The compute paths that are there, and the choice among them. */
public final class ComputePaths {

  /** The system property that names the path to take; where it is not set, the fastest is taken. */
  public static final String PROPERTY = "stagecoach.gpt.path";

  private static final List<ComputePath> ALL = found();

  private ComputePaths() {}

  private static List<ComputePath> found() {
    List<ComputePath> paths = new ArrayList<>();
    ServiceLoader.load(ComputePath.class, ComputePath.class.getClassLoader()).forEach(paths::add);
    paths.add(new Nd4jPath());
    return List.copyOf(paths);
  }

  /**
   * The path for layers of a type: the one that {@value #PROPERTY} names, else the first special
   * one that runs, else ND4J operations.
   *
   * @throws StagecoachException of kind {@code CONFIGURATION} where the named one does not run
   */
  public static ComputePath of(DataType type) {
    String wanted = System.getProperty(PROPERTY, "");
    return ALL.stream()
        .filter(path -> wanted.isEmpty() || path.name().equals(wanted))
        .filter(path -> path.runs(type))
        .findFirst()
        .orElseThrow(
            () ->
                new StagecoachException(
                    ErrorKind.CONFIGURATION,
                    "the compute path \"" + wanted + "\" does not run " + type + " here",
                    "Set the system property "
                        + PROPERTY
                        + " to one of: "
                        + String.join(", ", ALL.stream().map(ComputePath::name).toList())
                        + ", or leave it out."));
  }
}
