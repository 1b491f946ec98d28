package io.stagecoach.model.gpt;

/**
 * The dropouts of a transformer block.
 *
 * @param attention of the attention probabilities, [examples, heads, time, time]: queries by keys
 * @param attended of what attention adds to the residual stream, [examples, time, width]
 * @param fed of what the feed-forward layer adds to the residual stream, [examples, time, width]
 */
public record BlockDropouts(Thinning attention, Thinning attended, Thinning fed) {

  /** No dropout: what inference has. */
  public static final BlockDropouts NONE =
      new BlockDropouts(Thinning.NONE, Thinning.NONE, Thinning.NONE);
}
