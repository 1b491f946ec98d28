package io.stagecoach.model.gpt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.IncrementalLayer;
import io.stagecoach.model.LayerCache;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/** A sequence taken piece by piece gives what the whole sequence gives. */
class IncrementalLayersTest {

  /** A network's layers, and what each keeps of the sequences so far. */
  private record Pieces(List<IncrementalLayer> layers, List<LayerCache> caches)
      implements AutoCloseable {

    Pieces(MultiLayerNetwork network, int examples, int maxLength) {
      this(
          Arrays.stream(network.getLayers()).map(IncrementalLayer.class::cast).toList(),
          Arrays.stream(network.getLayers())
              .map(layer -> ((IncrementalLayer) layer).newCache(examples, maxLength))
              .toList());
    }

    INDArray next(INDArray tokens) {
      INDArray x = tokens;
      for (int i = 0; i < layers.size(); i++) {
        x = layers.get(i).activateNext(x, caches.get(i));
      }
      return x;
    }

    @Override
    public void close() {
      caches.forEach(LayerCache::close);
    }
  }

  private static final int[][] PIECES = {{8}, {1, 1, 1, 1, 1, 1, 1, 1}, {3, 1, 2, 2}};

  @Test
  void piecesGiveWhatTheWholeGives() {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    Gpts.disturb(network, 1);
    INDArray tokens = Gpts.tokens(2, 3, Gpts.MAX_LENGTH);
    INDArray whole = network.output(tokens);
    for (int[] pieces : PIECES) {
      try (Pieces forward = new Pieces(network, 3, Gpts.MAX_LENGTH)) {
        int from = 0;
        for (int length : pieces) {
          INDArray given = forward.next(part(tokens, from, from + length));
          INDArray expected = part(whole, from, from + length);
          assertThat(given.sub(expected).amaxNumber().doubleValue()).isLessThan(1e-12);
          from += length;
          int end = from;
          assertThat(forward.caches()).allMatch(cache -> cache.length() == end);
        }
      }
    }
  }

  @Test
  void floatsChooseTheSameToken() {
    MultiLayerNetwork network =
        Gpts.network(Gpts.configuration(Gpts.tied(), DataType.FLOAT, 0, new Adam(0.01)));
    INDArray tokens = Gpts.tokens(2, 1, Gpts.MAX_LENGTH);
    INDArray whole = network.output(tokens).argMax(2);
    try (Pieces forward = new Pieces(network, 1, Gpts.MAX_LENGTH)) {
      for (int t = 0; t < Gpts.MAX_LENGTH; t++) {
        INDArray given = forward.next(part(tokens, t, t + 1));
        assertThat(given.argMax(2).getInt(0)).isEqualTo(whole.getInt(0, t));
      }
    }
  }

  @Test
  void moreThanThereIsRoomForIsRefused() {
    MultiLayerNetwork network = Gpts.network(Gpts.tied());
    try (Pieces forward = new Pieces(network, 1, 3)) {
      forward.next(Gpts.tokens(1, 1, 3));
      assertThatThrownBy(() -> forward.next(Gpts.tokens(1, 1, 1)))
          .isInstanceOf(StagecoachException.class)
          .hasMessageContaining("more than 3 tokens");
    }
  }

  private static INDArray part(INDArray array, int from, int to) {
    return array.get(NDArrayIndex.all(), NDArrayIndex.interval(from, to)).dup('c');
  }
}
