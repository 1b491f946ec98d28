package io.stagecoach.engine.dl4j;

import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.weightnoise.IWeightNoise;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Any weight noise, drawn from a key, each parameter from its own. Lives in runtime configurations
 * only.
 */
final class KeyedWeightNoise implements IWeightNoise {

  private static final long serialVersionUID = 1L;

  private final IWeightNoise delegate;
  private final transient RandomKey key;
  private final int layer;
  private final int source;

  KeyedWeightNoise(IWeightNoise delegate, RandomKey key, int layer, int source) {
    this.delegate = delegate;
    this.key = key;
    this.layer = layer;
    this.source = source;
  }

  @Override
  public INDArray getParameter(
      Layer runtimeLayer,
      String parameter,
      int iteration,
      int epoch,
      boolean train,
      LayerWorkspaceMgr workspaces) {
    // The name's hash is that of String, which the Java language fixes.
    key.seedGenerator(layer, source | ((long) parameter.hashCode() << 32));
    return delegate.getParameter(runtimeLayer, parameter, iteration, epoch, train, workspaces);
  }

  // DL4J declares clone() in IWeightNoise and calls it when it copies a layer's configuration.
  @Override
  @SuppressWarnings({"MethodDoesntCallSuperMethod", "CloneDoesntCallSuperClone"})
  public IWeightNoise clone() {
    return new KeyedWeightNoise(delegate.clone(), key, layer, source);
  }
}
