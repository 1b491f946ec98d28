package io.stagecoach.sync;

/**
 * How the synchronizer treats a step's gradients.
 *
 * @param weight what the summed gradients are divided by
 * @param clipNorm the largest global norm that passes unscaled; 0 for no clipping
 * @param maxConsecutiveSkips how many steps in a row may be skipped because something was not
 *     finite
 */
public record SyncSettings(GradientWeight weight, double clipNorm, int maxConsecutiveSkips) {

  public SyncSettings {
    if (clipNorm < 0 || Double.isNaN(clipNorm)) {
      throw new IllegalArgumentException("clip norm " + clipNorm);
    }
    if (maxConsecutiveSkips < 0) {
      throw new IllegalArgumentException("max consecutive skips " + maxConsecutiveSkips);
    }
  }
}
