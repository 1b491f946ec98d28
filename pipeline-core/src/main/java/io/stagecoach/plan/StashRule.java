package io.stagecoach.plan;

import java.util.List;

/** What stages may keep of a micro-batch. Where a stage has a choice, the planner makes it. */
@FunctionalInterface
public interface StashRule {

  /**
   * What a stage may keep: at least one, the one that costs least time first, and the one that
   * takes least memory last.
   */
  List<Stash> at(int stage);

  /** The same at every stage. */
  static StashRule everywhere(Stash stash) {
    List<Stash> only = List.of(stash);
    return stage -> only;
  }

  /**
   * Told for each stage.
   *
   * @param stashes of all stages, in order
   */
  static StashRule given(List<Stash> stashes) {
    List<Stash> all = List.copyOf(stashes);
    return stage -> List.of(all.get(stage));
  }

  /** Everything where that fits, only the inputs where it does not. */
  static StashRule asMemoryAllows() {
    List<Stash> both = List.of(Stash.ACTIVATIONS, Stash.INPUTS);
    return stage -> both;
  }
}
