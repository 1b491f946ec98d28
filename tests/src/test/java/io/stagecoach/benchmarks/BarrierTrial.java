package io.stagecoach.benchmarks;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.engine.update.SquareSums;
import io.stagecoach.engine.update.UpdateThreads;
import io.stagecoach.sync.StageWeights;
import io.stagecoach.tensor.EncodedTensors;
import io.stagecoach.tensor.ReceiveBuffer;
import io.stagecoach.tensor.TensorCodec;
import io.stagecoach.tensor.TensorMessage;
import io.stagecoach.tensor.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * The driver's side of steps of two replicas of a pipeline of four stages, without the pipeline:
 * the gradients are random, and messages are in memory instead of the network. Memory of its own
 * for one model; both sides update the same weights.
 */
final class BarrierTrial implements AutoCloseable {

  private static final int STAGES = 4;
  private static final int REPLICAS = 2;
  private static final int EXAMPLES = 96;
  private static final double CLIP = 0.5;
  private static final String NAME = "gradients";

  /** Floats that an update reads and writes for a parameter, less its state. */
  private static final int WEIGHT_AND_GRADIENT = 3;

  private enum Phase {
    RECEIVE,
    RECEIVE_BEFORE,
    REPLICAS,
    SCATTER,
    NORM,
    NORM_BEFORE,
    CLIP_BEFORE,
    UPDATE,
    UPDATE_BEFORE,
    WEIGHTS_OUT,
    COPY,
    ADD,
    TRIAD
  }

  private final BufferAllocator allocator = new RootAllocator();
  private final TensorCodec codec = new TensorCodec(allocator, "benchmark", Long.MAX_VALUE);
  private final Dl4jModelUpdater updater;
  private final StageWeights stages;
  private final INDArray sent;
  private final INDArray gradients;
  private final SquareSums squares;
  private final List<INDArray> trainable = new ArrayList<>();
  private final Map<Phase, List<Long>> nanos = new EnumMap<>(Phase.class);
  private int steps;
  private double norms;

  BarrierTrial(IUpdater configuration, int width, int layers, UpdateThreads threads) {
    this.updater = Dl4jModelUpdater.create(network(configuration, width, layers));
    updater.shareUpdates(threads);
    List<ParameterLayout> layouts = new ArrayList<>();
    for (int stage = 0; stage < STAGES; stage++) {
      layouts.add(updater.stageLayout(layers * stage / STAGES, layers * (stage + 1) / STAGES));
    }
    this.stages = new StageWeights(updater.parameterLayout(), layouts);
    long length = updater.parameters().length();
    this.sent = Nd4j.rand(DataType.FLOAT, length).subi(0.5).muli(1e-2);
    this.gradients = Nd4j.createUninitialized(DataType.FLOAT, length);
    this.squares = new SquareSums(gradients);
    for (View view : updater.parameterLayout().views()) {
      trainable.add(
          gradients.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length())));
    }
    for (Phase phase : Phase.values()) {
      nanos.put(phase, new ArrayList<>());
    }
  }

  private static String network(IUpdater configuration, int width, int layers) {
    var list =
        new NeuralNetConfiguration.Builder()
            .seed(1)
            .dataType(DataType.FLOAT)
            .updater(configuration)
            .activation(Activation.RELU)
            .list();
    for (int layer = 0; layer < layers - 1; layer++) {
      list.layer(new DenseLayer.Builder().nIn(width).nOut(width).build());
    }
    return list.layer(
            new OutputLayer.Builder(LossFunction.MSE)
                .activation(Activation.IDENTITY)
                .nIn(width)
                .nOut(width)
                .build())
        .build()
        .toJson();
  }

  private void time(Phase phase, Runnable work) {
    long start = System.nanoTime();
    work.run();
    nanos.get(phase).add(System.nanoTime() - start);
  }

  /** A step of either side, and the memory beside them. */
  void round() {
    List<TensorMessage> fresh = new ArrayList<>();
    time(Phase.RECEIVE_BEFORE, () -> receive(fresh, ReceiveBuffer::allocateOnce));
    fresh.forEach(part -> part.tensors().close());
    List<TensorMessage> parts = new ArrayList<>();
    time(Phase.RECEIVE, () -> receive(parts, ReceiveBuffer::allocate));
    time(Phase.REPLICAS, () -> addReplicas(parts));
    time(Phase.SCATTER, () -> scatter(parts));
    parts.forEach(part -> part.tensors().close());
    time(Phase.NORM_BEFORE, this::normByNd4j);
    time(Phase.NORM, this::norm);
    time(Phase.CLIP_BEFORE, () -> trainable.forEach(part -> part.muli(CLIP)));
    time(Phase.UPDATE_BEFORE, this::updateByNd4j);
    time(Phase.UPDATE, () -> updater.update(gradients, CLIP, EXAMPLES, steps, 0));
    time(Phase.WEIGHTS_OUT, this::weightsOut);
    INDArray other = ((MultiLayerNetwork) updater.network()).getFlattenedGradients();
    long bytes = gradients.length() * Float.BYTES;
    time(
        Phase.COPY, () -> Pointer.memcpy(gradients.data().pointer(), sent.data().pointer(), bytes));
    time(Phase.ADD, () -> gradients.addi(sent));
    time(Phase.TRIAD, () -> gradients.reshape(other.shape()).addi(other));
    steps++;
  }

  private void receive(List<TensorMessage> parts, LongFunction<ReceiveBuffer> memory) {
    for (int replica = 0; replica < REPLICAS; replica++) {
      long offset = 0;
      for (int stage = 0; stage < STAGES; stage++) {
        long end = offset + stages.length(stage);
        INDArray own = sent.get(NDArrayIndex.interval(offset, end));
        offset = end;
        try (EncodedTensors message = encode(own)) {
          ReceiveBuffer received = memory.apply(message.length());
          long at = 0;
          for (ByteBuffer chunk : message.parts()) {
            received.put(at, chunk);
            at += chunk.remaining();
          }
          parts.add(codec.decode(received));
        }
      }
    }
  }

  private EncodedTensors encode(INDArray array) {
    return codec.encode(new TensorMessage(0, Tensors.viewsOf(Map.of(NAME, array), () -> {})));
  }

  private static INDArray flat(TensorMessage part) {
    INDArray flat = part.tensors().get(NAME);
    return flat.reshape(flat.length());
  }

  private static void addReplicas(List<TensorMessage> parts) {
    for (int part = STAGES; part < parts.size(); part++) {
      flat(parts.get(part % STAGES)).addi(flat(parts.get(part)));
    }
  }

  private void scatter(List<TensorMessage> parts) {
    for (int stage = 0; stage < STAGES; stage++) {
      stages.scatterOwn(stage, flat(parts.get(stage)), gradients);
    }
  }

  private void norm() {
    for (View view : updater.parameterLayout().views()) {
      norms += squares.of(view.offset(), view.length());
    }
  }

  private void normByNd4j() {
    for (INDArray part : trainable) {
      double norm = part.norm2Number().doubleValue();
      norms += norm * norm;
    }
  }

  /** As DL4J does it: pass after pass over the network's own gradients. */
  private void updateByNd4j() {
    MultiLayerNetwork network = (MultiLayerNetwork) updater.network();
    INDArray own = network.getFlattenedGradients();
    own.assign(gradients.reshape(own.shape()));
    DefaultGradient gradient = new DefaultGradient(own);
    INDArray flat = own.reshape(own.length());
    for (View view : updater.parameterLayout().views()) {
      gradient.setGradientFor(
          view.name(),
          flat.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length())));
    }
    network
        .getUpdater()
        .update(network, gradient, steps, 0, EXAMPLES, LayerWorkspaceMgr.noWorkspaces());
    updater.parameters().subi(flat);
  }

  private void weightsOut() {
    for (int replica = 0; replica < REPLICAS; replica++) {
      for (int stage = 0; stage < STAGES; stage++) {
        encode(stages.of(stage, updater.parameters())).close();
      }
    }
  }

  private double median(Phase phase) {
    return Times.of(nanos.get(phase)).medianMillis();
  }

  BarrierTimes times(String size, String name) {
    if (!Double.isFinite(norms) || norms <= 0) {
      throw new IllegalStateException("the gradients' norms are " + norms);
    }
    long parameters = updater.parameters().length();
    double vector = parameters * Float.BYTES / 1e6;
    long states = updater.flatUpdaterState().length() / parameters;
    double add = Math.min(median(Phase.ADD), median(Phase.TRIAD));
    return new BarrierTimes(
        size,
        name,
        parameters,
        median(Phase.RECEIVE),
        median(Phase.RECEIVE_BEFORE),
        median(Phase.REPLICAS),
        median(Phase.SCATTER),
        median(Phase.NORM),
        median(Phase.NORM_BEFORE),
        median(Phase.CLIP_BEFORE),
        median(Phase.UPDATE),
        median(Phase.UPDATE_BEFORE),
        median(Phase.WEIGHTS_OUT),
        2 * vector / median(Phase.COPY),
        3 * vector / add,
        (WEIGHT_AND_GRADIENT + 2 * states) * vector / median(Phase.UPDATE));
  }

  @Override
  public void close() {
    updater.close();
    sent.close();
    gradients.close();
    codec.close();
    allocator.close();
  }
}
