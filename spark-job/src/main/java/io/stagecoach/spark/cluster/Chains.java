package io.stagecoach.spark.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * Orders in which each is the neighbour of each other one at least once, as few as there can be: a
 * chain has a pair for each of its members but one. The zigzag paths of Walecki (Lucas, Récréations
 * mathématiques II, 1892) through an even number of points share out all pairs; of an odd number
 * one more point is thought of, and left out.
 */
final class Chains {

  private Chains() {}

  /**
   * The orders.
   *
   * @param count how many there are; at least 2
   * @return each with all numbers from 0 up
   */
  static List<List<Integer>> of(int count) {
    int points = count + count % 2;
    List<List<Integer>> chains = new ArrayList<>();
    for (int chain = 0; chain < points / 2; chain++) {
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < points; i++) {
        // chain, chain + 1, chain - 1, chain + 2, ...
        int step = i % 2 == 0 ? -(i / 2) : i / 2 + 1;
        int point = Math.floorMod(chain + step, points);
        if (point < count) {
          order.add(point);
        }
      }
      chains.add(List.copyOf(order));
    }
    return chains;
  }
}
