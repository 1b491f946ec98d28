package io.stagecoach.tensor;

import java.util.Objects;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.ExtensionTypeRegistry;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * Arrow's canonical extension type {@code arrow.fixed_shape_tensor} (columnar format, "Canonical
 * extension types"), which Arrow Java 12 does not have: each row is a tensor of one shape, stored
 * as a FixedSizeList of the elements. The same class, under the names {@link #FLOAT16_NAME} and
 * {@link #SCALED_FLOAT16_NAME}, is the project's own type for float16 over unsigned 16-bit storage.
 */
public final class FixedShapeTensorType extends ArrowType.ExtensionType {

  /** The canonical name. */
  public static final String NAME = "arrow.fixed_shape_tensor";

  /** Our own name for tensors of IEEE half floats, kept as unsigned 16-bit integers. */
  public static final String FLOAT16_NAME = "stagecoach.float16_tensor";

  /**
   * Our own name for tensors of floats that were narrowed: an element is its half float times 2 to
   * the power that the column's metadata say under {@link #EXPONENT_KEY}.
   */
  public static final String SCALED_FLOAT16_NAME = "stagecoach.scaled_float16_tensor";

  /** The metadata key of a narrowed column's exponent: a sign and three digits. */
  public static final String EXPONENT_KEY = "stagecoach.exponent";

  private static final Set<String> NAMES = Set.of(NAME, FLOAT16_NAME, SCALED_FLOAT16_NAME);

  private final String name;
  private final ArrowType.FixedSizeList storage;
  private final String metadata;

  FixedShapeTensorType(String name, int elements, String metadata) {
    this.name = name;
    this.storage = new ArrowType.FixedSizeList(elements);
    this.metadata = metadata;
  }

  /** Makes Arrow's own readers in this process give {@link FixedShapeTensorVector}s. */
  public static void register() {
    NAMES.forEach(name -> ExtensionTypeRegistry.register(any(name)));
  }

  /** Undoes {@link #register()}. */
  public static void unregister() {
    NAMES.forEach(name -> ExtensionTypeRegistry.unregister(any(name)));
  }

  private static FixedShapeTensorType any(String name) {
    return new FixedShapeTensorType(name, 1, "{\"shape\":[1]}");
  }

  @Override
  public ArrowType storageType() {
    return storage;
  }

  @Override
  public String extensionName() {
    return name;
  }

  @Override
  public boolean extensionEquals(ArrowType.ExtensionType other) {
    return other instanceof FixedShapeTensorType that
        && that.name.equals(name)
        && that.storage.equals(storage)
        && that.metadata.equals(metadata);
  }

  /** The JSON with the shape, and the permutation where there is one. */
  @Override
  public String serialize() {
    return metadata;
  }

  @Override
  public ArrowType deserialize(ArrowType storageType, String serializedData) {
    if (storageType instanceof ArrowType.FixedSizeList list) {
      return new FixedShapeTensorType(
          name, list.getListSize(), Objects.requireNonNull(serializedData, "metadata"));
    }
    throw new UnsupportedOperationException(name + " over " + storageType);
  }

  @Override
  public FieldVector getNewVector(String column, FieldType type, BufferAllocator allocator) {
    return new FixedShapeTensorVector(column, type, storage, allocator);
  }
}
