package io.stagecoach.batch;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.Serializable;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * A column of the batch store: one tensor of a fixed shape for each example.
 *
 * @param name the column's name, of letters, digits, dots, dashes and underscores
 * @param type the stored element type
 * @param rowShape the shape of one example's tensor, in DL4J's layout behind the example axis;
 *     empty for a number per example
 * @param timeAxis whether the last axis is time, so that a slice may cut it
 */
public record ColumnSpec(String name, Type type, List<Integer> rowShape, boolean timeAxis)
    implements Serializable {

  /** The element types that are stored. */
  public enum Type {
    FLOAT32(DataType.FLOAT),
    FLOAT64(DataType.DOUBLE),
    INT32(DataType.INT32),
    INT64(DataType.INT64),
    UINT8(DataType.UINT8),
    BOOL(DataType.BOOL);

    private final DataType dataType;

    Type(DataType dataType) {
      this.dataType = dataType;
    }

    /** ND4J's name of the type. */
    public DataType dataType() {
      return dataType;
    }
  }

  public ColumnSpec {
    rowShape = List.copyOf(rowShape);
    if (!name.matches("[A-Za-z0-9_][A-Za-z0-9._-]*")) {
      throw new IllegalArgumentException("a column cannot be named '" + name + "'");
    }
    if (rowShape.stream().anyMatch(d -> d < 1) || (timeAxis && rowShape.isEmpty())) {
      throw new IllegalArgumentException("column " + name + " with rows of shape " + rowShape);
    }
  }

  /** A column without a time axis. */
  public static ColumnSpec of(String name, Type type, Integer... rowShape) {
    return new ColumnSpec(name, type, List.of(rowShape), false);
  }

  /** A column whose last axis is time. */
  public static ColumnSpec sequence(String name, Type type, Integer... rowShape) {
    return new ColumnSpec(name, type, List.of(rowShape), true);
  }

  /** How many elements one example has. */
  @JsonIgnore
  public int rowElements() {
    return rowShape.stream().reduce(1, Math::multiplyExact);
  }

  /** How many time steps one example has; 1 without a time axis. */
  @JsonIgnore
  public int timeSteps() {
    return timeAxis ? rowShape.get(rowShape.size() - 1) : 1;
  }
}
