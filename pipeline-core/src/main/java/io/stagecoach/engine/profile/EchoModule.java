package io.stagecoach.engine.profile;

import io.stagecoach.engine.Forward;
import io.stagecoach.engine.Loss;
import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.StageGradients;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A stage that answers every message with one of the step's size. */
final class EchoModule implements StageModule {

  private static final String PAYLOAD = "payload";

  private final StageSpec spec;
  private final List<INDArray> payloads = new ArrayList<>();
  private final INDArray noParameters = Nd4j.create(DataType.FLOAT, 0);
  private INDArray payload;

  EchoModule(StageSpec spec, List<Long> sizes) {
    this.spec = spec;
    for (long bytes : sizes) {
      payloads.add(Nd4j.zeros(DataType.FLOAT, Math.max(1, bytes / DataType.FLOAT.width())));
    }
    this.payload = payloads.get(0);
  }

  @Override
  public Set<String> dataColumns() {
    return Set.of();
  }

  @Override
  public ParameterLayout parameterLayout() {
    return new ParameterLayout(List.of());
  }

  @Override
  public INDArray parameters() {
    return noParameters;
  }

  @Override
  public void setParameters(INDArray flat) {
    if (flat.length() > 0) {
      throw new IllegalArgumentException(flat.length() + " parameters given, the stage has none");
    }
  }

  @Override
  public void beginStep(StepContext context) {
    payload = payloads.get((int) (context.step() % payloads.size()));
  }

  @Override
  public Forward forward(int microBatch, Tensors inputs) {
    return new Forward(spec.isLast() ? Tensors.none() : view(), Loss.none());
  }

  @Override
  public Tensors backward(int microBatch, Tensors outputGradients) {
    return spec.isFirst() ? Tensors.none() : view();
  }

  private Tensors view() {
    return Tensors.viewsOf(Map.of(PAYLOAD, payload), () -> {});
  }

  @Override
  public StageGradients gradients() {
    return new StageGradients(noParameters, 0, 0);
  }

  @Override
  public void close() {
    payloads.forEach(INDArray::close);
  }
}
