package io.stagecoach.engine.dl4j;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.hdf5.Attribute;
import org.bytedeco.hdf5.DataSet;
import org.bytedeco.hdf5.DataSpace;
import org.bytedeco.hdf5.Group;
import org.bytedeco.hdf5.H5File;
import org.bytedeco.hdf5.H5Object;
import org.bytedeco.hdf5.PredType;
import org.bytedeco.hdf5.StrType;
import org.bytedeco.hdf5.global.hdf5;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An HDF5 file of a sequential network of dense layers, laid out as Keras 2 saves one: the model
 * and how it is compiled as attributes of the root, the weights below {@code model_weights}.
 *
 * @param layers the dense layers in their order
 */
public record KerasFile(List<Dense> layers) {

  /**
   * A dense layer.
   *
   * @param kernel {@code float[inputs][units]}
   * @param bias {@code float[units]}
   * @param activation as Keras calls it
   */
  public record Dense(INDArray kernel, INDArray bias, String activation) {}

  public KerasFile {
    layers = List.copyOf(layers);
  }

  /** Writes the file. */
  public void write(Path path) {
    try (H5File file = new H5File(path.toString(), hdf5.H5F_ACC_TRUNC)) {
      text(file, "keras_version", "2.6.0");
      text(file, "backend", "tensorflow");
      text(file, "model_config", model());
      text(file, "training_config", KerasJson.training("categorical_crossentropy"));
      try (Group weights = file.createGroup("model_weights")) {
        text(weights, "keras_version", "2.6.0");
        text(weights, "backend", "tensorflow");
        texts(weights, "layer_names", names());
        for (int i = 0; i < layers.size(); i++) {
          layer(weights, names().get(i), layers.get(i));
        }
      }
    }
  }

  private List<String> names() {
    return IntStream.range(0, layers.size()).mapToObj(i -> "dense_" + i).toList();
  }

  private String model() {
    List<KerasJson.Layer> all = new ArrayList<>();
    layers.forEach(
        layer -> all.add(KerasJson.dense((int) layer.bias().length(), layer.activation())));
    return KerasJson.sequential(List.of((int) layers.get(0).kernel().size(0)), all);
  }

  private static void layer(Group weights, String name, Dense dense) {
    try (Group outer = weights.createGroup(name);
        Group inner = outer.createGroup(name)) {
      texts(outer, "weight_names", List.of(name + "/kernel:0", name + "/bias:0"));
      numbers(inner, "kernel:0", dense.kernel());
      numbers(inner, "bias:0", dense.bias());
    }
  }

  private static void numbers(Group group, String name, INDArray values) {
    try (DataSpace space = new DataSpace(values.rank(), values.shape());
        DataSet set = group.createDataSet(name, PredType.NATIVE_FLOAT(), space);
        FloatPointer memory = new FloatPointer(values.dup('c').ravel().toFloatVector())) {
      set.write(memory, PredType.NATIVE_FLOAT());
    }
  }

  private static void text(H5Object object, String name, String value) {
    attribute(object, name, value + "\0", new DataSpace(hdf5.H5S_SCALAR), 1);
  }

  private static void texts(H5Object object, String name, List<String> values) {
    int length = values.stream().mapToInt(String::length).max().orElseThrow();
    StringBuilder all = new StringBuilder();
    values.forEach(value -> all.append(value).append("\0".repeat(length + 1 - value.length())));
    attribute(object, name, all.toString(), new DataSpace(1, values.size()), values.size());
  }

  /** Strings of one length, as many as the space has room for; it is closed. */
  private static void attribute(
      H5Object object, String name, String ascii, DataSpace space, int count) {
    byte[] bytes = ascii.getBytes(StandardCharsets.US_ASCII);
    try (space;
        StrType type = new StrType(PredType.C_S1(), bytes.length / count);
        Attribute attribute = object.createAttribute(name, type, space);
        BytePointer memory = new BytePointer(bytes)) {
      attribute.write(type, memory);
    }
  }
}
