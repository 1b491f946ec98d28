package io.stagecoach.libtorch;

import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A transformer block of libtorch's own functions: layer_norm, linear,
 * scaled_dot_product_attention, gelu. Its matrices are kept as libtorch has them, outputs by
 * inputs.
 */
public final class TorchBlock {

  private static final double EPSILON = 1e-5;

  private final int heads;
  private final Tensor g1;
  private final Tensor c1;
  private final Tensor wqkv;
  private final Tensor bqkv;
  private final Tensor wo;
  private final Tensor bo;
  private final Tensor g2;
  private final Tensor c2;
  private final Tensor wfc;
  private final Tensor bfc;
  private final Tensor wproj;
  private final Tensor bproj;

  /** With copies of the weights. */
  public TorchBlock(BlockShape shape, BlockWeights weights) {
    heads = shape.heads();
    g1 = TorchArrays.variable(weights.g1());
    c1 = TorchArrays.variable(weights.c1());
    wqkv = TorchArrays.variable(weights.wqkv().transpose());
    bqkv = TorchArrays.variable(weights.bqkv());
    wo = TorchArrays.variable(weights.wo().transpose());
    bo = TorchArrays.variable(weights.bo());
    g2 = TorchArrays.variable(weights.g2());
    c2 = TorchArrays.variable(weights.c2());
    wfc = TorchArrays.variable(weights.wfc().transpose());
    bfc = TorchArrays.variable(weights.bfc());
    wproj = TorchArrays.variable(weights.wproj().transpose());
    bproj = TorchArrays.variable(weights.bproj());
  }

  /** In the order of {@link BlockWeights}; matrices outputs by inputs. */
  public List<Tensor> parameters() {
    return List.of(g1, c1, wqkv, bqkv, wo, bo, g2, c2, wfc, bfc, wproj, bproj);
  }

  /** Forgets the gradients. */
  public void clearGradients() {
    parameters().forEach(parameter -> parameter.mutable_grad().reset());
  }

  /** Forward, [examples, time, width]. */
  public Tensor forward(Tensor x) {
    Tensor middle = x.add(linear(attention(linear(norm(x, g1, c1), wqkv, bqkv)), wo, bo));
    Tensor hidden = torch.gelu(linear(norm(middle, g2, c2), wfc, bfc), "tanh");
    return middle.add(linear(hidden, wproj, bproj));
  }

  private Tensor attention(Tensor qkv) {
    TensorVector parts = qkv.chunk(3, 2);
    long examples = qkv.size(0);
    long time = qkv.size(1);
    long width = qkv.size(2) / 3;
    Tensor attended =
        torch.scaled_dot_product_attention(
            byHead(parts.get(0)),
            byHead(parts.get(1)),
            byHead(parts.get(2)),
            new TensorOptional(),
            0,
            true,
            new DoubleOptional(),
            false);
    return attended.transpose(1, 2).contiguous().view(examples, time, width);
  }

  private Tensor byHead(Tensor part) {
    return part.view(part.size(0), part.size(1), heads, part.size(2) / heads).transpose(1, 2);
  }

  private static Tensor norm(Tensor x, Tensor gain, Tensor bias) {
    return torch.layer_norm(
        x,
        new long[] {x.size(2)},
        new TensorOptional(gain),
        new TensorOptional(bias),
        EPSILON,
        false);
  }

  private static Tensor linear(Tensor x, Tensor matrix, Tensor bias) {
    return torch.linear(x, matrix, new TensorOptional(bias));
  }
}
