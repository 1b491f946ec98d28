package io.stagecoach.engine.dl4j;

import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Any dropout, with its mask drawn from a key. Lives in runtime configurations only. */
final class KeyedDropout implements IDropout {

  private static final long serialVersionUID = 1L;

  private final IDropout delegate;
  private final transient RandomKey key;
  private final int layer;
  private final int source;

  KeyedDropout(IDropout delegate, RandomKey key, int layer, int source) {
    this.delegate = delegate;
    this.key = key;
    this.layer = layer;
    this.source = source;
  }

  @Override
  public INDArray applyDropout(
      INDArray input, INDArray result, int iteration, int epoch, LayerWorkspaceMgr workspaces) {
    key.seedGenerator(layer, source);
    return delegate.applyDropout(input, result, iteration, epoch, workspaces);
  }

  @Override
  public INDArray backprop(INDArray atOutput, INDArray atInput, int iteration, int epoch) {
    return delegate.backprop(atOutput, atInput, iteration, epoch);
  }

  @Override
  public void clear() {
    delegate.clear();
  }

  // DL4J declares clone() in IDropout and calls it when it copies a layer's configuration.
  @Override
  @SuppressWarnings({"MethodDoesntCallSuperMethod", "CloneDoesntCallSuperClone"})
  public IDropout clone() {
    return new KeyedDropout(delegate.clone(), key, layer, source);
  }
}
