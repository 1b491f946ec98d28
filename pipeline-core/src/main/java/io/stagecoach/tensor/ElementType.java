package io.stagecoach.tensor;

import java.util.Arrays;
import java.util.Optional;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The element types that cross a border, each with its ND4J type and its Arrow storage. Arrow Java
 * 12 throws for its own half float, so float16 is stored as unsigned 16-bit integers under an
 * extension type of ours ({@link FixedShapeTensorType#FLOAT16_NAME}). ND4J keeps a byte for each
 * bool where Arrow keeps a bit, and floats where the wire has halves with a power of two in common:
 * these are the two types whose bytes are converted.
 */
enum ElementType {
  FLOAT32(DataType.FLOAT, 32, new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE)),
  FLOAT64(DataType.DOUBLE, 64, new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE)),
  FLOAT16(DataType.FLOAT16, 16, new ArrowType.Int(16, false)),
  INT8(DataType.INT8, 8, new ArrowType.Int(8, true)),
  UINT8(DataType.UINT8, 8, new ArrowType.Int(8, false)),
  INT16(DataType.INT16, 16, new ArrowType.Int(16, true)),
  INT32(DataType.INT32, 32, new ArrowType.Int(32, true)),
  INT64(DataType.INT64, 64, new ArrowType.Int(64, true)),
  BOOL(DataType.BOOL, 1, new ArrowType.Bool()),
  /** Floats that are narrowed on the wire only. */
  SCALED_FLOAT16(DataType.FLOAT, 16, new ArrowType.Int(16, false));

  private final DataType dataType;
  private final int bits;

  // Arrow's types are immutable; they only do not say so.
  @SuppressWarnings("ImmutableEnumChecker")
  private final ArrowType storage;

  ElementType(DataType dataType, int bits, ArrowType storage) {
    this.dataType = dataType;
    this.bits = bits;
    this.storage = storage;
  }

  /** The element type of an ND4J type as it is, if it can travel. */
  static Optional<ElementType> of(DataType type) {
    return Arrays.stream(values())
        .filter(e -> e.dataType == type && e != SCALED_FLOAT16)
        .findFirst();
  }

  /** The element type of a column: its extension's name and the type of what it stores. */
  static Optional<ElementType> of(String extension, ArrowType storage) {
    return Arrays.stream(values())
        .filter(e -> e.extensionName().equals(extension) && e.storage.equals(storage))
        .findFirst();
  }

  DataType dataType() {
    return dataType;
  }

  ArrowType storage() {
    return storage;
  }

  String extensionName() {
    return switch (this) {
      case FLOAT16 -> FixedShapeTensorType.FLOAT16_NAME;
      case SCALED_FLOAT16 -> FixedShapeTensorType.SCALED_FLOAT16_NAME;
      default -> FixedShapeTensorType.NAME;
    };
  }

  /** How many bytes so many elements have in Arrow's form, padding not counted. */
  long arrowBytes(long elements) {
    return this == BOOL ? (elements + 7) / 8 : Math.multiplyExact(elements, bits / 8L);
  }

  /**
   * The bytes between two elements in ND4J's memory, which is also what they must be aligned to.
   */
  int width() {
    return dataType.width();
  }
}
