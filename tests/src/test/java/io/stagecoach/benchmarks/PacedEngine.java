package io.stagecoach.benchmarks;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StatefulUpdater;
import io.stagecoach.engine.dl4j.Dl4jEngine;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * DL4J's stages, real weights and gradients and updaters among them, whose passes last as long as
 * they are told, so that executors that share cores do not slow each other down while they compute.
 * The model is told as {@code forward nanoseconds of a layer, backward nanoseconds, how many layers
 * take so long, configuration}, a line each; layers behind these take no time of their own.
 */
public final class PacedEngine implements StageEngine {

  static final String NAME = "paced";

  private final Dl4jEngine engine = new Dl4jEngine();

  /** The model for stages of this engine. */
  static String model(long forwardNanos, long backwardNanos, int layers, String configuration) {
    return forwardNanos + "\n" + backwardNanos + "\n" + layers + "\n" + configuration;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public StageModule open(StageSpec spec) {
    String[] lines = lines(spec);
    int layers = Math.min(spec.endLayer(), Integer.parseInt(lines[2])) - spec.firstLayer();
    return new PacedModule(
        engine.open(plain(spec, lines)),
        layers,
        layers * Long.parseLong(lines[0]),
        layers * Long.parseLong(lines[1]));
  }

  @Override
  public Optional<StatefulUpdater> updater(StageSpec spec) {
    return engine.updater(plain(spec, lines(spec)));
  }

  private static String[] lines(StageSpec spec) {
    return spec.model().split("\n", 4);
  }

  private static StageSpec plain(StageSpec spec, String[] lines) {
    return new StageSpec(
        lines[3],
        spec.stage(),
        spec.stages(),
        spec.firstLayer(),
        spec.endLayer(),
        spec.slots(),
        spec.recompute(),
        spec.seed());
  }

  /** Writes a jar of the engine for executors. */
  static Path jar(Path folder) {
    return EngineJar.write(
        folder.resolve("paced-engine.jar"), List.of(PacedEngine.class, PacedModule.class));
  }
}
