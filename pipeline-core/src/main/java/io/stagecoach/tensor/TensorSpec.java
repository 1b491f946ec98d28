package io.stagecoach.tensor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a column says of its tensor.
 *
 * @param name the tensor's name
 * @param type the element type
 * @param shape the logical shape, as ND4J says it
 * @param order {@code 'c'} where the last axis is contiguous in memory, {@code 'f'} where the first
 *     is
 */
record TensorSpec(String name, ElementType type, List<Long> shape, char order) {

  /** ND4J's own limit is 32; what networks use is 5. */
  static final int MAX_RANK = 8;

  private static final ObjectMapper JSON = new ObjectMapper();

  TensorSpec {
    shape = List.copyOf(shape);
  }

  /** How many elements there are. */
  long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  long[] shapeArray() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * The extension's metadata, as Arrow's canonical extension type defines it: {@code shape} is the
   * row-major shape of the memory, {@code permutation} says which axis of it each logical axis is.
   * An f-order array is thus its own transpose in memory, and always has a permutation, a c-order
   * array never.
   */
  String metadata() {
    ObjectNode json = JSON.createObjectNode();
    ArrayNode physical = json.putArray("shape");
    if (order == 'c') {
      shape.forEach(physical::add);
    } else {
      ArrayNode permutation = json.putArray("permutation");
      for (int axis = shape.size() - 1; axis >= 0; axis--) {
        physical.add(shape.get(axis));
        permutation.add(axis);
      }
    }
    return json.toString();
  }

  /**
   * Reads {@link #metadata()} back.
   *
   * @throws IllegalArgumentException if it is not such metadata, or the permutation is neither
   *     c-order nor f-order
   */
  static TensorSpec of(String name, ElementType type, String metadata) {
    JsonNode json;
    try {
      json = JSON.readTree(metadata);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the metadata of tensor " + name + " is not JSON", e);
    }
    List<Long> physical = longs(json.path("shape"), name);
    boolean permuted = json.hasNonNull("permutation");
    if (!permuted) {
      return new TensorSpec(name, type, physical, 'c');
    }
    List<Long> permutation = longs(json.path("permutation"), name);
    List<Long> logical = new ArrayList<>();
    for (int axis = physical.size() - 1; axis >= 0; axis--) {
      if (permutation.size() != physical.size()
          || permutation.get(physical.size() - 1 - axis) != axis) {
        throw new IllegalArgumentException(
            "tensor " + name + " has permutation " + permutation + ", neither c nor f order");
      }
      logical.add(physical.get(axis));
    }
    return new TensorSpec(name, type, logical, 'f');
  }

  private static List<Long> longs(JsonNode array, String name) {
    if (!array.isArray() || array.size() > MAX_RANK) {
      throw new IllegalArgumentException(
          "tensor " + name + " has no shape, or one of more than " + MAX_RANK + " axes");
    }
    List<Long> longs = new ArrayList<>();
    for (JsonNode value : array) {
      if (!value.canConvertToLong() || !value.isIntegralNumber() || value.longValue() < 0) {
        throw new IllegalArgumentException("tensor " + name + " has a shape with " + value);
      }
      longs.add(value.longValue());
    }
    return longs;
  }
}
