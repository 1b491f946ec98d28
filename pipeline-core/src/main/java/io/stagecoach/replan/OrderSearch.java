package io.stagecoach.replan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Looks for an order in which something takes least. Of a few, all orders are looked at; of more,
 * it goes to any better one in which two have changed places, one went elsewhere, or several in a
 * row have turned round, until there is none, or enough were looked at.
 *
 * @param most how many orders it may look at; at least as many as a few have
 */
record OrderSearch(int most) {

  /** All orders of so many are looked at. */
  private static final int FEW = 4;

  OrderSearch {
    if (most < 24) {
      throw new IllegalArgumentException(most + " orders");
    }
  }

  /**
   * The best that is found.
   *
   * @param start where the search begins
   * @param look what there is in an order; nothing where it is not allowed
   * @param time what that takes
   */
  <T> Optional<T> best(
      List<Integer> start, Function<List<Integer>, Optional<T>> look, ToLongFunction<T> time) {
    Optional<T> best = look.apply(start);
    List<Integer> at = start;
    int left = most - 1;
    boolean moved = true;
    while (moved) {
      moved = false;
      for (List<Integer> other : at.size() <= FEW ? permutations(at) : neighbours(at)) {
        if (left == 0) {
          return best;
        }
        left--;
        Optional<T> there = look.apply(other);
        if (there.isPresent() && (best.isEmpty() || isLess(there.get(), best.get(), time))) {
          best = there;
          if (at.size() > FEW) {
            at = other;
            moved = true;
            break;
          }
        }
      }
    }
    return best;
  }

  private static <T> boolean isLess(T one, T other, ToLongFunction<T> time) {
    return time.applyAsLong(one) < time.applyAsLong(other);
  }

  private static List<List<Integer>> neighbours(List<Integer> order) {
    List<List<Integer>> neighbours = new ArrayList<>();
    for (int last = 1; last < order.size(); last++) {
      for (int first = 0; first < last; first++) {
        List<Integer> swapped = new ArrayList<>(order);
        Collections.swap(swapped, first, last);
        List<Integer> reversed = new ArrayList<>(order);
        Collections.reverse(reversed.subList(first, last + 1));
        List<Integer> later = new ArrayList<>(order);
        Collections.rotate(later.subList(first, last + 1), 1);
        List<Integer> earlier = new ArrayList<>(order);
        Collections.rotate(earlier.subList(first, last + 1), -1);
        neighbours.addAll(List.of(reversed, swapped, later, earlier));
      }
    }
    return neighbours;
  }

  private static List<List<Integer>> permutations(List<Integer> of) {
    if (of.size() == 1) {
      return List.of(of);
    }
    List<List<Integer>> all = new ArrayList<>();
    for (List<Integer> rest : permutations(of.subList(1, of.size()))) {
      for (int at = 0; at < of.size(); at++) {
        List<Integer> order = new ArrayList<>(rest);
        order.add(at, of.get(0));
        all.add(order);
      }
    }
    return all;
  }
}
