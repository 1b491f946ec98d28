package io.stagecoach.tensor;

/**
 * As what the elements of float32 tensors cross the wire. Whoever sends and whoever receives must
 * have the same.
 */
public enum WireType {
  /** As they are. */
  FLOAT32("float32"),
  /**
   * As float16, each tensor with a power of two of its own. Masks (named {@code …_mask}) and
   * tensors of any other type stay as they are.
   */
  FLOAT16("float16");

  /** How the names of masks end. */
  static final String MASK_SUFFIX = "_mask";

  private final String word;

  WireType(String word) {
    this.word = word;
  }

  /** The word that users write. */
  public String word() {
    return word;
  }

  /** What a tensor of this name and type is on the wire. */
  ElementType onWire(String name, ElementType type) {
    boolean narrowed =
        this == FLOAT16 && type == ElementType.FLOAT32 && !name.endsWith(MASK_SUFFIX);
    return narrowed ? ElementType.SCALED_FLOAT16 : type;
  }

  /** Whether a sender with this wire type sends a tensor as this one came. */
  boolean sends(TensorSpec received) {
    ElementType type = received.type();
    ElementType before = type == ElementType.SCALED_FLOAT16 ? ElementType.FLOAT32 : type;
    return onWire(received.name(), before) == type;
  }
}
