package io.stagecoach.benchmarks;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import java.nio.file.Path;
import java.util.List;

/**
 * Stages that take known times: each pass occupies the stage's thread as long as the model says,
 * without computing, and what crosses a cut has as many bytes as it says. So it can be seen how far
 * a pipeline is from what the simulator says, with nothing else at work.
 */
public final class TimedEngine implements StageEngine {

  static final String NAME = "timed";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public StageModule open(StageSpec spec) {
    return new TimedModule(spec, TimedModel.parse(spec.model()));
  }

  /** Writes a jar of the engine, for executors, whose class path has nothing of this program. */
  static Path jar(Path folder) {
    return EngineJar.write(
        folder.resolve("timed-engine.jar"),
        List.of(TimedEngine.class, TimedModule.class, TimedModel.class));
  }
}
