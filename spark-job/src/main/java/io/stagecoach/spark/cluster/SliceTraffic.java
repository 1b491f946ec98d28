package io.stagecoach.spark.cluster;

import io.stagecoach.sync.SliceOwners;
import io.stagecoach.sync.TiedUse;
import java.io.Serializable;
import java.util.List;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * From which executors each one waits for something in a step, where stages keep their weights. All
 * lists are by executor.
 *
 * @param weights for new weights: of the replica that has them, and of shared parameters
 * @param replicas for gradients of the other replicas of the stages whose weights it has
 * @param uses for gradients of the parameters that it has and others use
 * @param mirrors for the gradients of slices that it mirrors
 */
record SliceTraffic(
    List<Set<Integer>> weights,
    List<Set<Integer>> replicas,
    List<Set<Integer>> uses,
    List<Set<Integer>> mirrors)
    implements Serializable {

  SliceTraffic {
    weights = List.copyOf(weights);
    replicas = List.copyOf(replicas);
    uses = List.copyOf(uses);
    mirrors = List.copyOf(mirrors);
  }

  /** Nobody waits for anything but hops. */
  static SliceTraffic none(int executors) {
    List<Set<Integer>> nobody = nobody(executors);
    return new SliceTraffic(nobody, nobody, nobody, nobody);
  }

  private static List<Set<Integer>> nobody(int executors) {
    return Stream.generate(Set::<Integer>of).limit(executors).toList();
  }

  /**
   * All that there may be.
   *
   * @param ties which parameters of which stages are used by others
   * @param executors how many there are, each of which mirrors the one before
   * @param executorOf the executor of each stage, by number
   */
  static SliceTraffic of(
      SliceOwners owners, List<TiedUse> ties, int executors, IntUnaryOperator executorOf) {
    return new SliceTraffic(
        each(
            executors,
            executor ->
                Stream.concat(
                    indices(owners)
                        .flatMap(index -> owners.replicasOf(index).stream())
                        .filter(stage -> executorOf.applyAsInt(stage) == executor)
                        .map(stage -> owners.ownerOf(owners.indexOf(stage))),
                    ties.stream()
                        .filter(
                            use ->
                                owners.replicasOf(use.user()).stream()
                                    .anyMatch(user -> executorOf.applyAsInt(user) == executor))
                        .map(use -> owners.ownerOf(use.owner()))),
            executorOf),
        each(
            executors,
            executor ->
                indices(owners)
                    .filter(index -> executorOf.applyAsInt(owners.ownerOf(index)) == executor)
                    .flatMap(index -> owners.replicasOf(index).stream()),
            executorOf),
        each(
            executors,
            executor ->
                ties.stream()
                    .filter(use -> executorOf.applyAsInt(owners.ownerOf(use.owner())) == executor)
                    .map(use -> owners.ownerOf(use.user())),
            executorOf),
        IntStream.range(0, executors)
            .mapToObj(
                executor ->
                    executors == 1
                        ? Set.<Integer>of()
                        : Set.of(Math.floorMod(executor - 1, executors)))
            .toList());
  }

  private static Stream<Integer> indices(SliceOwners owners) {
    return IntStream.range(0, owners.stages()).boxed();
  }

  private interface Sources {
    /** The stages from which an executor waits for something; some may be its own. */
    Stream<Integer> of(int executor);
  }

  private static List<Set<Integer>> each(
      int executors, Sources sources, IntUnaryOperator executorOf) {
    return IntStream.range(0, executors)
        .mapToObj(
            executor ->
                Set.copyOf(
                    sources
                        .of(executor)
                        .map(executorOf::applyAsInt)
                        .filter(other -> other != executor)
                        .toList()))
        .toList();
  }

  /** What there is of it where weights are as before. */
  SliceTraffic withoutWeights() {
    return new SliceTraffic(nobody(weights.size()), replicas, uses, mirrors);
  }

  /** What there is of it where nothing is trained. */
  SliceTraffic withoutGradients() {
    List<Set<Integer>> nobody = nobody(weights.size());
    return new SliceTraffic(weights, nobody, nobody, nobody);
  }
}
