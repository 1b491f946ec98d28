package io.stagecoach.engine.dl4j;

import io.stagecoach.model.HasDropouts;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;

/** Puts keys before every random source of a runtime configuration, cut or whole. */
final class KeyedRandomness {

  private final RandomKey key;
  private final int layer;
  private int sources;

  private KeyedRandomness(RandomKey key, int layer) {
    this.key = key;
    this.layer = layer;
  }

  /**
   * Wraps every dropout and weight noise of a layer.
   *
   * @param configured a layer of a runtime configuration; changed
   * @param position the layer's place in the whole model
   */
  static void install(Layer configured, int position, RandomKey key) {
    new KeyedRandomness(key, position).wrap(configured);
  }

  private void wrap(Layer configured) {
    if (isNone(configured.getIDropout())) {
      configured.setIDropout(null);
    }
    if (configured.getIDropout() != null) {
      configured.setIDropout(new KeyedDropout(configured.getIDropout(), key, layer, sources++));
    }
    if (configured instanceof BaseLayer base && base.getWeightNoise() != null) {
      base.setWeightNoise(new KeyedWeightNoise(base.getWeightNoise(), key, layer, sources++));
    }
    if (configured instanceof HasDropouts own) {
      List<IDropout> keyed = new ArrayList<>();
      for (IDropout dropout : own.dropouts()) {
        // Counted even where there is none, so that a source keeps its number.
        int source = sources++;
        keyed.add(dropout == null ? null : new KeyedDropout(dropout, key, layer, source));
      }
      own.setDropouts(keyed);
    }
    LayerTree.inner(configured).forEach(this::wrap);
  }

  /**
   * Whether a dropout keeps everything. The Keras import gives one to every layer, and in channels-
   * last convolutions DL4J multiplies the gradient by its mask in another order of axes than the
   * input's, and fails.
   */
  private static boolean isNone(IDropout dropout) {
    return dropout instanceof Dropout plain && plain.getP() == 1 && plain.getPSchedule() == null;
  }
}
