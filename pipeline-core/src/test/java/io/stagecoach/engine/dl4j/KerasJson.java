package io.stagecoach.engine.dl4j;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Models as Keras 2 writes them down, for its import into DL4J. */
final class KerasJson {

  private static final ObjectMapper JSON = new ObjectMapper();

  private KerasJson() {}

  /** A layer with what Keras says of every layer of its kind. */
  record Layer(String kind, Map<String, Object> config) {

    Layer {
      config = new LinkedHashMap<>(config);
    }

    /** The same with one value of its own. */
    Layer with(String key, Object value) {
      Layer changed = new Layer(kind, config);
      changed.config.put(key, value);
      return changed;
    }
  }

  static Layer layer(String kind, Object... keysAndValues) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("trainable", true);
    config.put("dtype", "float32");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      config.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return new Layer(kind, config);
  }

  /** One that has weights. */
  static Layer weighted(String kind, Object... keysAndValues) {
    Layer layer = layer(kind, keysAndValues);
    Map<String, Object> config = layer.config();
    config.putIfAbsent("activation", "tanh");
    config.putIfAbsent("use_bias", true);
    for (String of :
        List.of(
            "kernel",
            "depthwise",
            "pointwise",
            "recurrent",
            "embeddings",
            "bias",
            "alpha",
            "beta",
            "gamma",
            "moving_mean",
            "moving_variance")) {
      config.putIfAbsent(of + "_initializer", initializer(of));
      config.putIfAbsent(of + "_regularizer", null);
      config.putIfAbsent(of + "_constraint", null);
    }
    config.putIfAbsent("activity_regularizer", null);
    return layer;
  }

  static Map<String, Object> initializer(String of) {
    String name =
        switch (of) {
          case "bias", "alpha", "beta", "moving_mean" -> "Zeros";
          case "gamma", "moving_variance" -> "Ones";
          default -> "GlorotUniform";
        };
    return Map.of("class_name", name, "config", new LinkedHashMap<>());
  }

  static Layer dense(int units, String activation) {
    return weighted("Dense", "units", units, "activation", activation);
  }

  static Layer recurrent(String kind, int units, boolean sequences) {
    return weighted(
        kind,
        "units",
        units,
        "return_sequences",
        sequences,
        "return_state",
        false,
        "go_backwards",
        false,
        "stateful",
        false,
        "unroll",
        false,
        "time_major",
        false,
        "recurrent_activation",
        "sigmoid",
        "unit_forget_bias",
        true,
        "dropout",
        0.0,
        "recurrent_dropout",
        0.0,
        "implementation",
        2);
  }

  static Map<String, Object> wrapped(Layer layer, String name) {
    Map<String, Object> config = new LinkedHashMap<>(layer.config());
    config.put("name", name);
    return new LinkedHashMap<>(Map.of("class_name", layer.kind(), "config", config));
  }

  /** A sequential model. */
  static String sequential(List<Integer> input, List<Layer> layers) {
    List<Object> all = new ArrayList<>();
    all.add(wrapped(inputLayer(input), "input_1"));
    for (int i = 0; i < layers.size(); i++) {
      all.add(
          wrapped(
              layers.get(i), layers.get(i).kind().toLowerCase(java.util.Locale.ROOT) + "_" + i));
    }
    return write(
        Map.of(
            "class_name", "Sequential",
            "config", Map.of("name", "sequential", "layers", all),
            "keras_version", "2.6.0",
            "backend", "tensorflow"));
  }

  /** A layer of a functional model with the names of those that it reads. */
  record Node(String name, Layer layer, List<String> reads) {}

  /** A functional model of one input, called input_1, whose last layer is its output. */
  static String functional(List<Integer> input, List<Node> nodes) {
    List<Object> all = new ArrayList<>();
    all.add(node("input_1", inputLayer(input), List.of()));
    nodes.forEach(node -> all.add(node(node.name(), node.layer(), node.reads())));
    return write(
        Map.of(
            "class_name",
            "Functional",
            "config",
            Map.of(
                "name",
                "model",
                "layers",
                all,
                "input_layers",
                List.of(List.of("input_1", 0, 0)),
                "output_layers",
                List.of(List.of(nodes.get(nodes.size() - 1).name(), 0, 0))),
            "keras_version",
            "2.6.0",
            "backend",
            "tensorflow"));
  }

  private static Map<String, Object> node(String name, Layer layer, List<String> reads) {
    Map<String, Object> node = wrapped(layer, name);
    node.put("name", name);
    List<Object> inbound =
        reads.stream().map(read -> (Object) List.of(read, 0, 0, Map.of())).toList();
    node.put("inbound_nodes", reads.isEmpty() ? List.of() : List.of(inbound));
    return node;
  }

  private static Layer inputLayer(List<Integer> shape) {
    List<Integer> batch = new ArrayList<>();
    batch.add(null);
    batch.addAll(shape);
    return layer("InputLayer", "batch_input_shape", batch, "sparse", false, "ragged", false);
  }

  /** How Keras compiles it. */
  static String training(String loss) {
    return write(
        Map.of(
            "loss",
            loss,
            "optimizer_config",
            Map.of(
                "class_name",
                "Adam",
                "config",
                Map.of(
                    "name",
                    "Adam",
                    "learning_rate",
                    0.01,
                    "decay",
                    0.0,
                    "beta_1",
                    0.9,
                    "beta_2",
                    0.999,
                    "epsilon",
                    1e-7,
                    "amsgrad",
                    false))));
  }

  static String write(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
