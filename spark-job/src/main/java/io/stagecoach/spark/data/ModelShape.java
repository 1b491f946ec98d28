package io.stagecoach.spark.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
 * @param inputName what the input is called, where there are several; {@code input} is of the first
 * @param outputName what the output is called, where there are several; {@code output} is of the
 *     one whose labels are counted
 * @param indices whether the features of the first are indices, which no scaling may change
 * @param channelsLast whether the first reads images with the channels of a pixel side by side,
 *     {@code [height, width, channels]}
 * @param furtherInputs all other inputs
 * @param furtherOutputs all other outputs
 */
public record ModelShape(
    List<Integer> input,
    int outputs,
    Output output,
    boolean perTimeStep,
    DataType dataType,
    Optional<String> inputName,
    Optional<String> outputName,
    boolean indices,
    boolean channelsLast,
    List<Input> furtherInputs,
    List<FurtherOutput> furtherOutputs) {

  /** A number of time steps that the data decides. */
  public static final int ANY = -1;

  /** What a network puts out. */
  public enum Output {
    /** One of several classes, each with its probability. */
    CLASSES,
    /** Values, such as those of a regression. */
    VALUES
  }

  /**
   * An input.
   *
   * @param name what the model calls it; empty where there is only one
   * @param shape the shape of one example
   * @param indices whether its features are indices
   * @param channelsLast whether it reads images with the channels of a pixel side by side
   */
  public record Input(String name, List<Integer> shape, boolean indices, boolean channelsLast) {

    /** One that reads no images with the channels last. */
    public Input(String name, List<Integer> shape, boolean indices) {
      this(name, shape, indices, false);
    }
  }

  /**
   * An output beside the one whose labels are counted.
   *
   * @param name what the model calls it
   * @param outputs how many classes, or how many values
   * @param output what it is
   * @param perTimeStep whether there is one for every time step
   */
  public record FurtherOutput(String name, int outputs, Output output, boolean perTimeStep) {}

  /** The shape of a network with one input and one output. */
  public ModelShape(
      List<Integer> input, int outputs, Output output, boolean perTimeStep, DataType dataType) {
    this(
        input,
        outputs,
        output,
        perTimeStep,
        dataType,
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        List.of(),
        List.of());
  }

  /** All inputs, the first included. */
  public List<Input> inputs() {
    List<Input> inputs = new ArrayList<>();
    inputs.add(new Input(inputName.orElse(""), input, indices, channelsLast));
    inputs.addAll(furtherInputs);
    return inputs;
  }

  public ModelShape {
    input = List.copyOf(input);
    furtherInputs = List.copyOf(furtherInputs);
    furtherOutputs = List.copyOf(furtherOutputs);
    if (dataType != DataType.FLOAT && dataType != DataType.DOUBLE) {
      throw new IllegalArgumentException("examples are FLOAT or DOUBLE, not " + dataType);
    }
  }
}
