package io.stagecoach.engine.profile;

import io.stagecoach.engine.StageEngine;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Stages that compute nothing and only pass on messages of given sizes, so that a pipeline of them
 * shows what hops take by themselves. The model is the list of sizes in bytes, with commas between;
 * step t is of the size t modulo their number.
 */
public final class EchoEngine implements StageEngine {

  /** What messages call it. */
  public static final String NAME = "echo";

  /** The model of these sizes, in bytes. */
  public static String model(List<Long> sizes) {
    return sizes.stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public StageModule open(StageSpec spec) {
    return new EchoModule(spec, Arrays.stream(spec.model().split(",")).map(Long::valueOf).toList());
  }
}
