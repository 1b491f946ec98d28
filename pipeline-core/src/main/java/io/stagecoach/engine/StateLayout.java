package io.stagecoach.engine;

import io.stagecoach.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * How a whole model's two flat vectors, its weights and its updater's state, are made of named
 * tensors. It knows nothing of stages: what is kept in this form fits every cut.
 *
 * @param weights the model's parameters, by the model's own names for them
 * @param updater what the updater keeps of each parameter, one kind of value behind another: {@code
 *     3_W.0}, {@code 3_W.1}; nothing where it keeps nothing
 */
public record StateLayout(List<Place> weights, List<Place> updater) {

  /**
   * A tensor in a flat vector.
   *
   * @param name what it is called
   * @param offset its first element
   * @param shape its shape
   * @param order in which order its elements follow one another, {@code 'c'} or {@code 'f'}
   */
  public record Place(String name, long offset, List<Long> shape, char order) {

    public Place {
      shape = List.copyOf(shape);
    }

    /** How many elements it has. */
    public long length() {
      return shape.stream().reduce(1L, Math::multiplyExact);
    }

    private INDArray of(INDArray flat) {
      return flat.get(NDArrayIndex.interval(offset, offset + length()))
          .reshape(order, shape.stream().mapToLong(Long::longValue).toArray());
    }
  }

  public StateLayout {
    weights = List.copyOf(weights);
    updater = List.copyOf(updater);
  }

  /** What of it some parameters make, in the places where they are. */
  public StateLayout of(Set<String> parameters) {
    return new StateLayout(
        weights.stream().filter(place -> parameters.contains(place.name())).toList(),
        updater.stream().filter(place -> parameters.contains(parameter(place))).toList());
  }

  /** The parameter that a tensor of the updater's state belongs to. */
  private static String parameter(Place state) {
    return state.name().substring(0, state.name().lastIndexOf('.'));
  }

  /** A flat vector's tensors: live views of it, which closing them leaves alone. */
  public static Tensors views(List<Place> places, INDArray flat) {
    Map<String, INDArray> views = new LinkedHashMap<>();
    places.stream()
        .filter(place -> place.length() > 0)
        .forEach(place -> views.put(place.name(), place.of(flat)));
    return Tensors.viewsOf(views, () -> {});
  }

  /**
   * Writes tensors to their places in a flat vector.
   *
   * @throws IllegalArgumentException where one is missing, too many, or not of its place's shape
   *     and type; the vector is then as it was
   */
  public static void put(Tensors tensors, List<Place> places, INDArray flat) {
    Tensors views = views(places, flat);
    if (!views.names().equals(tensors.names())) {
      throw new IllegalArgumentException(
          "tensors " + tensors.names() + " where " + views.names() + " should be");
    }
    views
        .asMap()
        .forEach(
            (name, place) -> {
              INDArray tensor = tensors.get(name);
              if (!tensor.equalShapes(place) || tensor.dataType() != place.dataType()) {
                throw new IllegalArgumentException(
                    "tensor "
                        + name
                        + " is "
                        + tensor.shapeInfoToString()
                        + ", not "
                        + place.shapeInfoToString());
              }
            });
    views.asMap().forEach((name, place) -> place.assign(tensors.get(name)));
  }
}
