package io.stagecoach.spark.data;

import java.io.Serializable;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the data must know of the network that it is for.
 *
 * @param input the shape of one example's features, in DL4J's order: {@code [size]}, {@code [size,
 *     time]} or {@code [channels, height, width]}; a time of {@link #ANY} is taken from the data.
 *     Not looked at for text, whose features are character ids
 * @param outputs the size of the output: how many classes, or how many values
 * @param output what the output is
 * @param perTimeStep whether there is an output for every time step
 * @param dataType the type of the network's parameters, FLOAT or DOUBLE
 */
public record ModelShape(
    List<Integer> input, int outputs, Output output, boolean perTimeStep, DataType dataType)
    implements Serializable {

  /** A number of time steps that the data decides. */
  public static final int ANY = -1;

  /** What a network puts out. */
  public enum Output {
    /** One of several classes, each with its probability. */
    CLASSES,
    /** Values, such as those of a regression. */
    VALUES
  }

  public ModelShape {
    input = List.copyOf(input);
    if (dataType != DataType.FLOAT && dataType != DataType.DOUBLE) {
      throw new IllegalArgumentException("examples are FLOAT or DOUBLE, not " + dataType);
    }
  }
}
