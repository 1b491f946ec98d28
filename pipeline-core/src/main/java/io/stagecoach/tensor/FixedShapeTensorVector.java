package io.stagecoach.tensor;

import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.util.hash.ArrowBufHasher;
import org.apache.arrow.vector.ExtensionTypeVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** A column of tensors of one shape, as Arrow's readers give it. */
public final class FixedShapeTensorVector extends ExtensionTypeVector<FixedSizeListVector> {

  private final FieldType type;

  FixedShapeTensorVector(
      String name, FieldType type, ArrowType.FixedSizeList storage, BufferAllocator allocator) {
    super(
        name,
        allocator,
        new FixedSizeListVector(
            name,
            allocator,
            new FieldType(type.isNullable(), storage, type.getDictionary(), type.getMetadata()),
            null));
    this.type = type;
  }

  @Override
  public Field getField() {
    return new Field(getName(), type, getUnderlyingVector().getField().getChildren());
  }

  @Override
  public Object getObject(int index) {
    return getUnderlyingVector().getObject(index);
  }

  @Override
  public int hashCode(int index) {
    return getUnderlyingVector().hashCode(index);
  }

  @Override
  public int hashCode(int index, ArrowBufHasher hasher) {
    return getUnderlyingVector().hashCode(index, hasher);
  }
}
