package io.stagecoach.samples;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * The pictures of {@link Images}: grey, of {@link #SIDE} × {@link #SIDE} pixels, with one of four
 * figures somewhere in them, of any size and brightness, in noise. Every picture is a pure function
 * of seed and number.
 */
record PictureRule(long seed) implements Serializable {

  static final int SIDE = 24;

  /** The figures, in the order of their classes. */
  static final List<String> FIGURES = List.of("circle", "square", "cross", "saltire");

  private static final double DARK = 40;
  private static final double NOISE = 25;

  /**
   * A picture.
   *
   * @param image the picture
   * @param figure the index of its figure
   */
  record Picture(BufferedImage image, int figure) {

    /** The picture as a file would have it. */
    byte[] png() {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try {
        ImageIO.write(image, "png", bytes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return bytes.toByteArray();
    }
  }

  /** The picture of a number. */
  Picture picture(long number) {
    SplittableRandom random = new SplittableRandom(31 * seed + number);
    int figure = random.nextInt(FIGURES.size());
    double radius = 4 + random.nextDouble(4);
    double x = radius + 1 + random.nextDouble(SIDE - 2 * radius - 2);
    double y = radius + 1 + random.nextDouble(SIDE - 2 * radius - 2);
    double bright = 110 + random.nextDouble(120);
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    for (int row = 0; row < SIDE; row++) {
      for (int column = 0; column < SIDE; column++) {
        boolean on = isOn(figure, Math.abs(column - x), Math.abs(row - y), radius);
        double grey = (on ? bright : DARK) + NOISE * random.nextGaussian();
        image
            .getRaster()
            .setSample(column, row, 0, (int) Math.max(0, Math.min(255, Math.round(grey))));
      }
    }
    return new Picture(image, figure);
  }

  /** Whether a point at this distance from the centre belongs to the figure's lines. */
  private static boolean isOn(int figure, double dx, double dy, double radius) {
    double far = Math.max(dx, dy);
    return switch (FIGURES.get(figure)) {
      case "circle" -> Math.abs(Math.hypot(dx, dy) - radius) < 0.8;
      case "square" -> Math.abs(far - radius) < 0.8;
      case "cross" -> Math.min(dx, dy) < 0.8 && far <= radius;
      default -> Math.abs(dx - dy) < 1 && far <= radius;
    };
  }
}
