package io.stagecoach.model.gpt.cpu;

import io.stagecoach.model.gpt.BlockWeights;

/** The parameters of a block, or their gradients, by the names of {@link BlockWeights}. */
record FloatWeights(
    Floats g1,
    Floats c1,
    Floats wqkv,
    Floats bqkv,
    Floats wo,
    Floats bo,
    Floats g2,
    Floats c2,
    Floats wfc,
    Floats bfc,
    Floats wproj,
    Floats bproj) {

  static FloatWeights of(BlockWeights weights) {
    return new FloatWeights(
        Floats.of(weights.g1()),
        Floats.of(weights.c1()),
        Floats.of(weights.wqkv()),
        Floats.of(weights.bqkv()),
        Floats.of(weights.wo()),
        Floats.of(weights.bo()),
        Floats.of(weights.g2()),
        Floats.of(weights.c2()),
        Floats.of(weights.wfc()),
        Floats.of(weights.bfc()),
        Floats.of(weights.wproj()),
        Floats.of(weights.bproj()));
  }
}
