package io.stagecoach.spark.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;

/**
 * Makes a network's numbers of the files of pictures. A row is asked twice, for what is wrong with
 * it and for its numbers: the last picture is kept. One thread uses it.
 */
final class PictureReader implements Serializable {

  private final PictureForm form;

  private transient byte[] lastFile;
  private transient Picture last;

  PictureReader(PictureForm form) {
    this.form = form;
  }

  /** Reads a file; what it gives is valid for good. */
  Picture read(byte[] file) {
    if (last == null || !Arrays.equals(lastFile, file)) {
      last = decoded(file);
      lastFile = file;
    }
    return last;
  }

  private Picture decoded(byte[] bytes) {
    try (PictureFile file = PictureFile.of(bytes)) {
      // Before anything is decoded: a file may say that it is immense.
      if (file.height() != form.height() || file.width() != form.width()) {
        return new Picture.OtherSize(file.height(), file.width());
      }
      return new Picture.Pixels(values(file.image()));
    } catch (IOException e) {
      return new Picture.Unreadable(String.valueOf(e.getMessage()));
    }
  }

  private double[] values(BufferedImage image) {
    double[] values = new double[form.length()];
    Pixels pixels = pixels(image);
    double[] colors = new double[4];
    for (int row = 0; row < form.height(); row++) {
      for (int column = 0; column < form.width(); column++) {
        pixels.read(column, row, colors);
        for (int channel = 0; channel < form.channels(); channel++) {
          values[form.place(channel, row, column)] =
              form.channels() == 1 ? grey(colors) : colors[channel];
        }
      }
    }
    return values;
  }

  /** The luma of Rec. ITU-R BT.601. */
  private static double grey(double[] colors) {
    return colors[0] == colors[1] && colors[1] == colors[2]
        ? colors[0]
        : 0.299 * colors[0] + 0.587 * colors[1] + 0.114 * colors[2];
  }

  /** Red, green, blue and opacity of a pixel, each from 0 to 1. */
  private interface Pixels {
    void read(int column, int row, double[] colors);
  }

  private static Pixels pixels(BufferedImage image) {
    ColorModel model = image.getColorModel();
    int colors = model.getNumColorComponents();
    if (model instanceof IndexColorModel || (colors != 1 && colors != 3)) {
      return (column, row, into) -> {
        int packed = image.getRGB(column, row);
        into[0] = (packed >> 16 & 255) / 255.0;
        into[1] = (packed >> 8 & 255) / 255.0;
        into[2] = (packed & 255) / 255.0;
        into[3] = (packed >>> 24) / 255.0;
      };
    }
    // As they are in the file: Java's own conversion takes grey for linear light, and brightens it.
    Raster raster = image.getRaster();
    double[] most = new double[raster.getNumBands()];
    for (int band = 0; band < most.length; band++) {
      most[band] = (1L << model.getComponentSize(band)) - 1;
    }
    int opacity = model.hasAlpha() ? colors : -1;
    return (column, row, into) -> {
      for (int color = 0; color < 3; color++) {
        int band = colors == 1 ? 0 : color;
        into[color] = raster.getSample(column, row, band) / most[band];
      }
      into[3] = opacity < 0 ? 1 : raster.getSample(column, row, opacity) / most[opacity];
    };
  }
}
