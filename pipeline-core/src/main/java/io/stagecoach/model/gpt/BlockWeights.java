package io.stagecoach.model.gpt;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The parameters of a transformer block, or their gradients. All are contiguous, in c order, views
 * of a flat vector; d is the width, h the hidden width.
 *
 * @param g1 [d], gain of the norm before attention
 * @param c1 [d], bias of the norm before attention
 * @param wqkv [d, 3d], columns queries, keys, values, each head by head
 * @param bqkv [3d]
 * @param wo [d, d], from the heads' results, side by side, to the residual stream
 * @param bo [d]
 * @param g2 [d], gain of the norm before the feed-forward layer
 * @param c2 [d], bias of the norm before the feed-forward layer
 * @param wfc [d, h]
 * @param bfc [h]
 * @param wproj [h, d]
 * @param bproj [d]
 */
public record BlockWeights(
    INDArray g1,
    INDArray c1,
    INDArray wqkv,
    INDArray bqkv,
    INDArray wo,
    INDArray bo,
    INDArray g2,
    INDArray c2,
    INDArray wfc,
    INDArray bfc,
    INDArray wproj,
    INDArray bproj) {

  /** The parameters by the names that {@link TransformerBlock} gives them. */
  static BlockWeights of(Map<String, INDArray> table) {
    return new BlockWeights(
        table.get("g1"),
        table.get("c1"),
        table.get("Wqkv"),
        table.get("bqkv"),
        table.get("Wo"),
        table.get("bo"),
        table.get("g2"),
        table.get("c2"),
        table.get("Wfc"),
        table.get("bfc"),
        table.get("Wproj"),
        table.get("bproj"));
  }
}
