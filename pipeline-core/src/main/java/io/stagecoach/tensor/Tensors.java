package io.stagecoach.tensor;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Named arrays that cross a border together, in a fixed order. Whoever holds a {@code Tensors} owns
 * its arrays and closes them exactly once; a method that only reads says "borrows".
 */
public final class Tensors implements AutoCloseable {

  private static final Tensors NONE = new Tensors(Map.of(), () -> {});

  private final Map<String, INDArray> arrays;
  private final Runnable release;

  private Tensors(Map<String, INDArray> arrays, Runnable release) {
    this.arrays = arrays;
    this.release = release;
  }

  /** No arrays: for instance "no gradient flows upstream". */
  public static Tensors none() {
    return NONE;
  }

  /** One array. */
  public static Tensors of(String name, INDArray array) {
    return of(Map.of(name, array));
  }

  /** Arrays in the map's order; {@link #close()} closes each of them. */
  public static Tensors of(Map<String, INDArray> arrays) {
    Map<String, INDArray> copy = Collections.unmodifiableMap(new LinkedHashMap<>(arrays));
    return new Tensors(copy, () -> copy.values().forEach(Tensors::closeIfOpen));
  }

  /** Arrays that are views of memory owned by something else, which {@code release} gives back. */
  public static Tensors viewsOf(Map<String, INDArray> arrays, Runnable release) {
    return new Tensors(Collections.unmodifiableMap(new LinkedHashMap<>(arrays)), release);
  }

  /** The arrays of both, in order; closing the result closes both. Names must be distinct. */
  public Tensors and(Tensors other) {
    Map<String, INDArray> both = new LinkedHashMap<>(arrays);
    other.arrays.forEach(
        (name, array) -> {
          if (both.put(name, array) != null) {
            throw new IllegalArgumentException("two tensors are named " + name);
          }
        });
    return new Tensors(
        Collections.unmodifiableMap(both),
        () -> {
          close();
          other.close();
        });
  }

  /** The array of this name. */
  public INDArray get(String name) {
    INDArray array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no tensor " + name + " among " + arrays.keySet());
    }
    return array;
  }

  /** The array of this name, if there. */
  public Optional<INDArray> find(String name) {
    return Optional.ofNullable(arrays.get(name));
  }

  /** The names, in order. */
  public Set<String> names() {
    return arrays.keySet();
  }

  /** The arrays by name, in order. */
  public Map<String, INDArray> asMap() {
    return arrays;
  }

  /** Those whose names begin with this, by what follows it; these tensors' own. */
  public Map<String, INDArray> under(String prefix) {
    Map<String, INDArray> found = new LinkedHashMap<>();
    asMap()
        .forEach(
            (name, array) -> {
              if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), array);
              }
            });
    return found;
  }

  /** Whether there is no array. */
  public boolean isEmpty() {
    return arrays.isEmpty();
  }

  /** The bytes of all arrays. */
  public long bytes() {
    return arrays.values().stream().mapToLong(a -> a.length() * a.dataType().width()).sum();
  }

  @Override
  public void close() {
    release.run();
  }

  private static void closeIfOpen(INDArray array) {
    if (array.closeable()) {
      array.close();
    }
  }

  @Override
  public String toString() {
    return "Tensors" + arrays.keySet();
  }
}
