package io.stagecoach.model.gpt;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.DescribesItself;
import io.stagecoach.model.HasDropouts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer over a residual stream of shape [examples, time, width], in c order: DL4J's NWC format.
 */
abstract class GptLayer extends FeedForwardLayer
    implements HasParameters, HasDropouts, DescribesItself {

  private static final long serialVersionUID = 1L;

  GptLayer(FeedForwardLayer.Builder<?> builder) {
    super(builder);
  }

  /** For reading JSON. */
  GptLayer() {}

  /** The runtime layer, without parameters yet. */
  abstract GptRuntime<?> runtime(NeuralNetConfiguration configuration, DataType type);

  @Override
  public org.deeplearning4j.nn.api.Layer instantiate(
      NeuralNetConfiguration configuration,
      Collection<TrainingListener> listeners,
      int index,
      INDArray parameters,
      boolean initialize,
      DataType type) {
    LayerValidation.assertNInNOutSet(
        getClass().getSimpleName(), getLayerName(), index, getNIn(), getNOut());
    refuseWhatIsIgnored(this);
    GptRuntime<?> layer = runtime(configuration, type);
    layer.setListeners(listeners);
    layer.setIndex(index);
    layer.setParamsViewArray(parameters);
    Map<String, INDArray> table = initializer().init(configuration, parameters, initialize);
    layer.setParamTable(table);
    layer.setConf(configuration);
    return layer;
  }

  /** Refuses settings of DL4J's that would have no effect here. */
  static void refuseWhatIsIgnored(org.deeplearning4j.nn.conf.layers.BaseLayer layer) {
    if (layer.getIDropout() != null) {
      throw refusal(layer, "dropout of its input", "Set the layer's own dropout instead.");
    }
    if (layer.getWeightNoise() != null) {
      throw refusal(layer, "weight noise", "Leave weight noise out for this layer.");
    }
  }

  private static StagecoachException refusal(
      org.deeplearning4j.nn.conf.layers.BaseLayer layer, String what, String remedy) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "the layer '" + layer.getLayerName() + "' of " + layer.getClass() + " has no " + what,
        remedy);
  }

  @Override
  public ParamInitializer initializer() {
    return FlatParameters.INSTANCE;
  }

  @Override
  public InputType getOutputType(int index, InputType input) {
    return InputType.recurrent(getNOut(), steps(input), RNNFormat.NWC);
  }

  /** The positions of an input: of a sequence, or of a plain row of indices. */
  static long steps(InputType input) {
    return input instanceof InputType.InputTypeRecurrent sequence
        ? sequence.getTimeSeriesLength()
        : input.arrayElementsPerExample();
  }

  @Override
  public void setNIn(InputType input, boolean override) {
    if (getNIn() <= 0 || override) {
      long width = ((InputType.InputTypeRecurrent) input).getSize();
      setNIn(width);
      setNOut(width);
    }
  }

  @Override
  public InputPreProcessor getPreProcessorForInputType(InputType input) {
    return null;
  }

  @Override
  public LayerMemoryReport getMemoryReport(InputType input) {
    long parameters = initializer().numParams(this);
    return new LayerMemoryReport.Builder(
            getLayerName(), getClass(), input, getOutputType(-1, input))
        .standardMemory(parameters, 2 * parameters)
        .workingMemory(0, 0, work(input).workingElements(), work(input).keptElements())
        .cacheMemory(MemoryReport.CACHE_MODE_ALL_ZEROS, MemoryReport.CACHE_MODE_ALL_ZEROS)
        .build();
  }

  /** A dropout of its own; null for a probability of 0. */
  static IDropout dropout(double probability) {
    // DL4J's Dropout takes the probability to keep.
    return probability > 0 ? new Dropout(1 - probability) : null;
  }

  // DL4J copies configurations by clone(), which leaves masks shared.
  @Override
  public GptLayer clone() {
    GptLayer copy = (GptLayer) super.clone();
    List<IDropout> copies = new ArrayList<>();
    for (IDropout dropout : dropouts()) {
      copies.add(dropout == null ? null : dropout.clone());
    }
    copy.setDropouts(copies);
    return copy;
  }
}
