package io.stagecoach.spark.cluster;

import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/**
 * Finds a seat for everybody by having those who sit move on, where places are for different but
 * overlapping sets of people: whoever is on a certain host may also be one of those with a GPU.
 */
final class Seating {

  private Seating() {}

  /**
   * Fills as many places as can be filled, by augmenting paths (bipartite matching). Who sits
   * already may be moved to another place, but not away.
   *
   * @param places those that are to be filled
   * @param all everybody, sitting or not
   * @param mayHave whether one may have a place
   * @param seated by place, who sits there; changed
   */
  static <T> void complete(
      Collection<Integer> places,
      List<T> all,
      BiPredicate<Integer, T> mayHave,
      Map<Integer, T> seated) {
    for (int place : places) {
      if (!seated.containsKey(place)) {
        fill(place, all, mayHave, seated, new HashSet<>());
      }
    }
  }

  private static <T> boolean fill(
      int place,
      List<T> all,
      BiPredicate<Integer, T> mayHave,
      Map<Integer, T> seated,
      Set<T> asked) {
    for (T one : all) {
      if (mayHave.test(place, one) && asked.add(one)) {
        Integer at = placeOf(one, seated);
        if (at == null || fill(at, all, mayHave, seated, asked)) {
          seated.put(place, one);
          return true;
        }
      }
    }
    return false;
  }

  private static <T> Integer placeOf(T one, Map<Integer, T> seated) {
    for (Map.Entry<Integer, T> seat : seated.entrySet()) {
      if (seat.getValue().equals(one)) {
        return seat.getKey();
      }
    }
    return null;
  }
}
