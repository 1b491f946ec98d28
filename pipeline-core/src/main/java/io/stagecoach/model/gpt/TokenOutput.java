package io.stagecoach.model.gpt;

import io.stagecoach.model.DescribesItself;
import io.stagecoach.model.LayerWork;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.ParamInitializer;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.LayerValidation;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * The next token's probabilities at each position, and their cross-entropy: softmax(h·Wᵀ), without
 * bias. Input is [examples, time, width], output [examples, time, vocabulary]. Parameter: {@code W}
 * [vocabulary, width].
 *
 * <p>Labels are token indices, [examples, time] (also with a third axis of length 1), or one-hot,
 * [examples, time, vocabulary]; their mask is [examples, time]. The score is the sum over positions
 * divided by the examples, as of DL4J's {@code RnnOutputLayer}.
 */
public class TokenOutput extends RnnOutputLayer implements HasParameters, DescribesItself {

  private static final long serialVersionUID = 1L;

  @JsonProperty private double deviation = 0.02;

  /**
   * An output.
   *
   * @param width numbers at each position of its input
   * @param vocabulary how many tokens there are
   */
  public TokenOutput(long width, long vocabulary) {
    // So that the network's builder fills in what is not set here.
    resetLayerDefaultConfig();
    setLayerName("output");
    setNIn(width);
    setNOut(vocabulary);
    setRnnDataFormat(RNNFormat.NWC);
    setActivationFn(new ActivationSoftmax());
    setLossFn(new LossMCXENT());
    setHasBias(false);
  }

  /** For reading JSON. */
  TokenOutput() {}

  @Override
  public List<Parameter> parameters() {
    return List.of(Parameter.weight("W", deviation, getNOut(), getNIn()));
  }

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
    GptLayer.refuseWhatIsIgnored(this);
    TokenOutputRuntime layer =
        new TokenOutputRuntime(configuration, type, weights(listeners, index));
    layer.setListeners(listeners);
    layer.setIndex(index);
    layer.setParamsViewArray(parameters);
    Map<String, INDArray> table = initializer().init(configuration, parameters, initialize);
    layer.setParamTable(table);
    layer.setConf(configuration);
    return layer;
  }

  /** Where the runtime layer finds its weights. */
  OutputWeights weights(Collection<TrainingListener> listeners, int index) {
    return OutputWeights.OWN;
  }

  @Override
  public ParamInitializer initializer() {
    return FlatParameters.INSTANCE;
  }

  @Override
  public InputType getOutputType(int index, InputType input) {
    return InputType.recurrent(getNOut(), GptLayer.steps(input), RNNFormat.NWC);
  }

  @Override
  public void setNIn(InputType input, boolean override) {
    // Always set.
  }

  @Override
  public InputPreProcessor getPreProcessorForInputType(InputType input) {
    return null;
  }

  @Override
  public LayerWork work(InputType input) {
    long time = GptLayer.steps(input);
    long product = time * 2 * getNIn() * getNOut();
    long logits = time * getNOut();
    return new LayerWork(
        product + Operations.SOFTMAX * logits,
        2 * product + (Operations.SOFTMAX + 2) * logits,
        0,
        logits,
        2 * logits);
  }
}
