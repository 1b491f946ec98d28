package io.stagecoach.plan;

import java.util.List;
import java.util.stream.IntStream;

/** As many layers in each stage, give or take one, whatever they cost. */
final class UniformPartitioner implements Partitioner {

  @Override
  public String name() {
    return "uniform";
  }

  @Override
  public Plan partition(PlanRequest request) {
    long layers = request.model().size();
    List<Integer> cuts =
        IntStream.range(0, request.stages())
            .mapToObj(stage -> (int) (stage * layers / request.stages()))
            .toList();
    Plan plan = Plan.of(name(), request, cuts);
    MemoryLimit.check(plan, request);
    return plan;
  }
}
