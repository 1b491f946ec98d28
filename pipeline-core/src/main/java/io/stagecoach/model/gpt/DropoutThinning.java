package io.stagecoach.model.gpt;

import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A DL4J dropout, which keeps its mask in the memory of the layer's input. */
record DropoutThinning(IDropout dropout, int iteration, int epoch, LayerWorkspaceMgr workspaces)
    implements Thinning {

  @Override
  public boolean isActive() {
    return true;
  }

  @Override
  public void forward(INDArray array) {
    dropout.applyDropout(array, array, iteration, epoch, workspaces);
  }

  @Override
  public void backward(INDArray gradient) {
    dropout.backprop(gradient, gradient, iteration, epoch);
  }
}
