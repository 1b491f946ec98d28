package io.stagecoach.libtorch;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A GPT with tied output, of libtorch's own functions, that starts from a DL4J network's weights.
 */
final class TorchGpt {

  private static final long SUM = 2;
  private static final long NO_IGNORED_CLASS = -100;

  private final Tensor tokens;
  private final Tensor positions;
  private final List<TorchBlock> blocks = new ArrayList<>();
  private final Tensor gain;
  private final Tensor bias;

  /**
   * With copies of the weights.
   *
   * @param table of a network of a TokenEmbedding, blocks, a LayerNorm and a TiedOutput
   */
  TorchGpt(Map<String, INDArray> table, int blockCount, BlockShape shape) {
    tokens = TorchArrays.variable(table.get("0_W"));
    positions = TorchArrays.variable(table.get("0_P"));
    for (int i = 1; i <= blockCount; i++) {
      blocks.add(new TorchBlock(shape, weights(table, i + "_")));
    }
    gain = TorchArrays.variable(table.get(blockCount + 1 + "_g"));
    bias = TorchArrays.variable(table.get(blockCount + 1 + "_c"));
  }

  private static BlockWeights weights(Map<String, INDArray> table, String layer) {
    return new BlockWeights(
        table.get(layer + "g1"),
        table.get(layer + "c1"),
        table.get(layer + "Wqkv"),
        table.get(layer + "bqkv"),
        table.get(layer + "Wo"),
        table.get(layer + "bo"),
        table.get(layer + "g2"),
        table.get(layer + "c2"),
        table.get(layer + "Wfc"),
        table.get(layer + "bfc"),
        table.get(layer + "Wproj"),
        table.get(layer + "bproj"));
  }

  /** Logits, [examples, time, vocabulary]. */
  Tensor forward(Tensor indices) {
    Tensor x = torch.embedding(tokens, indices).add(positions.narrow(0, 0, indices.size(1)));
    for (TorchBlock block : blocks) {
      x = block.forward(x);
    }
    x =
        torch.layer_norm(
            x,
            new long[] {x.size(2)},
            new TensorOptional(gain),
            new TensorOptional(bias),
            1e-5,
            false);
    return torch.linear(x, tokens);
  }

  /** The loss, summed over tokens, by the number of examples; the gradients are then there. */
  double backward(Tensor indices, Tensor labels) {
    parameters().forEach(parameter -> parameter.mutable_grad().reset());
    Tensor logits = forward(indices);
    Tensor loss =
        torch
            .cross_entropy_loss(
                logits.view(-1, logits.size(2)),
                labels.view(-1),
                new TensorOptional(),
                SUM,
                NO_IGNORED_CLASS,
                0)
            .div(new Scalar((double) indices.size(0)));
    loss.backward();
    return loss.item_double();
  }

  /** Stochastic gradient descent. */
  void update(double learningRate) {
    for (Tensor parameter : parameters()) {
      parameter.detach().sub_(parameter.grad(), new Scalar(learningRate));
    }
  }

  /** In the order of the network's; a block's matrices outputs by inputs. */
  List<Tensor> parameters() {
    List<Tensor> all = new ArrayList<>(List.of(tokens, positions));
    blocks.forEach(block -> all.addAll(block.parameters()));
    all.add(gain);
    all.add(bias);
    return all;
  }
}
