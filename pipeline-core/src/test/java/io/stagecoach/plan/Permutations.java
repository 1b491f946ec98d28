package io.stagecoach.plan;

import java.util.ArrayList;
import java.util.List;

/** The orders of the numbers from 0 up, for comparison with every one of them. */
public final class Permutations {

  private Permutations() {}

  /** All of them, each a list of the numbers. */
  public static List<List<Integer>> of(int count) {
    if (count == 0) {
      return List.of(List.of());
    }
    List<List<Integer>> all = new ArrayList<>();
    for (List<Integer> fewer : of(count - 1)) {
      for (int at = 0; at <= fewer.size(); at++) {
        List<Integer> more = new ArrayList<>(fewer);
        more.add(at, count - 1);
        all.add(more);
      }
    }
    return all;
  }
}
