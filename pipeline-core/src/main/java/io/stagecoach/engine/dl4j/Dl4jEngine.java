package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StatefulUpdater;
import java.util.Optional;

/** Cuts DL4J networks. */
public final class Dl4jEngine implements StageEngine {

  /** What plans and messages call it. */
  public static final String NAME = "dl4j";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public StageModule open(StageSpec spec) {
    return new Dl4jStageModule(spec);
  }

  @Override
  public Optional<StatefulUpdater> updater(StageSpec spec) {
    return Dl4jSliceUpdater.of(spec).map(StatefulUpdater.class::cast);
  }
}
