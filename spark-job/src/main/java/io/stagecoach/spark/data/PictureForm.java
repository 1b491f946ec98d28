package io.stagecoach.spark.data;

import io.stagecoach.spark.config.Settings;
import java.io.Serializable;
import java.util.List;

/**
 * How a network reads pictures.
 *
 * @param channels 1 for grey, 3 for red, green and blue, 4 for these and opacity; 0 where an input
 *     is no column of pictures
 * @param height in pixels
 * @param width in pixels
 * @param channelsLast whether the channels of a pixel are side by side (DL4J's NHWC), not each
 *     channel a plane of its own (NCHW)
 */
record PictureForm(int channels, int height, int width, boolean channelsLast)
    implements Serializable {

  /** Of an input that is no column of pictures. */
  static final PictureForm NONE = new PictureForm(0, 0, 0, false);

  private static final List<Integer> CHANNELS = List.of(1, 3, 4);

  /**
   * @param column the column of pictures
   * @param shape of one example, as the network reads it
   * @param channelsLast whether its last axis is that of the channels, where it has three
   * @param size height and width; looked at where the network reads one row of numbers
   * @throws io.stagecoach.error.StagecoachException of kind DATA where such an input reads no
   *     pictures
   */
  static PictureForm of(
      String column, List<Integer> shape, boolean channelsLast, List<Integer> size) {
    PictureForm form =
        switch (shape.size()) {
          case 1 -> ofRow(column, shape.get(0), size);
          case 3 ->
              channelsLast
                  ? new PictureForm(shape.get(2), shape.get(0), shape.get(1), true)
                  : new PictureForm(shape.get(0), shape.get(1), shape.get(2), false);
          default ->
              throw DataErrors.data(
                  "the column "
                      + column
                      + " holds pictures, but the network's input is "
                      + (shape.size() == 2 ? "a sequence" : "of shape " + shape),
                  "Use a network that reads images, or a column of numbers.");
        };
    if (!CHANNELS.contains(form.channels())) {
      throw DataErrors.data(
          "the column "
              + column
              + " holds pictures, but the network reads "
              + form.channels()
              + " channels of "
              + form.size(),
          "Pictures are read as 1 channel (grey), 3 (red, green, blue) or 4 (and opacity); use a"
              + " network of such an input, or a column of arrays.");
    }
    return form;
  }

  /** DL4J's convolutions take a row for channel after channel of rows of pixels. */
  private static PictureForm ofRow(String column, int numbers, List<Integer> size) {
    if (size.isEmpty()) {
      throw DataErrors.data(
          "the column "
              + column
              + " holds pictures, and nothing says of which size, as the network reads "
              + numbers
              + " numbers in a row",
          "Set " + Settings.DATA_IMAGE_SIZE.key() + " to height and width.");
    }
    int pixels = Math.multiplyExact(size.get(0), size.get(1));
    if (numbers % pixels != 0) {
      throw DataErrors.data(
          "the column "
              + column
              + " holds pictures of "
              + size.get(0)
              + " × "
              + size.get(1)
              + " pixels, and the network reads "
              + numbers
              + " numbers, which are no whole number of channels of that",
          "Use a network of that many inputs, or pictures of its size.");
    }
    return new PictureForm(numbers / pixels, size.get(0), size.get(1), false);
  }

  boolean isThere() {
    return channels > 0;
  }

  /** Height and width; empty of an input that is no column of pictures. */
  List<Integer> imageSize() {
    return isThere() ? List.of(height, width) : List.of();
  }

  /** How many numbers a picture has. */
  int length() {
    return channels * height * width;
  }

  /** Height and width, for a person. */
  String size() {
    return size(height, width);
  }

  private static String size(int height, int width) {
    return height + " × " + width + " pixels";
  }

  /** What is wrong with a picture that a column has. */
  String describe(String column, Picture picture) {
    if (picture instanceof Picture.OtherSize other) {
      return column + "=" + size(other.height(), other.width()) + ", the network reads " + size();
    }
    return picture instanceof Picture.Unreadable broken ? column + "=" + broken.why() : column;
  }

  /** Where a number of a picture has its place. */
  int place(int channel, int row, int column) {
    return channelsLast
        ? (row * width + column) * channels + channel
        : (channel * height + row) * width + column;
  }
}
