package io.stagecoach.engine;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The engines on the class path, by name. */
public final class StageEngines {

  private StageEngines() {}

  /**
   * The engine of that name.
   *
   * @throws StagecoachException PLAN, with the names there are, if there is none
   */
  public static StageEngine named(String name) {
    TreeMap<String, StageEngine> byName = new TreeMap<>();
    for (StageEngine engine :
        ServiceLoader.load(StageEngine.class, StageEngine.class.getClassLoader())) {
      byName.put(engine.name(), engine);
    }
    StageEngine engine = byName.get(name);
    if (engine == null) {
      throw new StagecoachException(
          ErrorKind.PLAN,
          "There is no engine named '" + name + "'; there are " + byName.keySet(),
          "The jar that has it must be on the class path of driver and executors.");
    }
    return engine;
  }
}
