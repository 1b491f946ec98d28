package io.stagecoach.model.text;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model that goes on with texts token by token, many of them side by side in groups. It remembers
 * what each has had so far. One thread calls it.
 */
public interface SequenceModel extends AutoCloseable {

  /**
   * Takes the next tokens of every sequence.
   *
   * @param tokens by group, then by sequence: its new tokens, at least one, and as many for each
   *     sequence of a group; groups and their sizes stay as they were when the sequences began, but
   *     that groups at the end may be left out from then on
   * @param fresh whether the sequences begin; what was remembered is forgotten
   * @return for each group the probabilities of the token after the last, of shape [sequences,
   *     vocabulary], for the caller to close
   * @throws io.stagecoach.error.StagecoachException of kind {@code DATA} where a sequence becomes
   *     longer than the model can remember, MODEL where a layer cannot go on with a sequence
   */
  List<INDArray> next(List<int[][]> tokens, boolean fresh);

  /** The most tokens that a sequence may have, all together, until sequences begin anew. */
  int longestSequence();

  @Override
  void close();
}
