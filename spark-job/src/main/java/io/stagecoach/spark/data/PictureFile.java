package io.stagecoach.spark.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** A picture as a file has it: PNG, JPEG and whatever else this Java reads. */
final class PictureFile implements Closeable {

  private final ImageInputStream bytes;
  private final ImageReader reader;

  private PictureFile(ImageInputStream bytes, ImageReader reader) {
    this.bytes = bytes;
    this.reader = reader;
  }

  /**
   * Looks at the first bytes of a file only.
   *
   * @throws IOException where it is no picture of a known format
   */
  static PictureFile of(byte[] file) throws IOException {
    ImageInputStream bytes = new MemoryCacheImageInputStream(new ByteArrayInputStream(file));
    Iterator<ImageReader> readers = ImageIO.getImageReaders(bytes);
    if (!readers.hasNext()) {
      bytes.close();
      throw new IOException(
          file.length + " bytes of no format that is read here, which are " + formats());
    }
    ImageReader reader = readers.next();
    // Neither what follows the first picture nor what is written about it is wanted.
    reader.setInput(bytes, true, true);
    return new PictureFile(bytes, reader);
  }

  private static String formats() {
    return Arrays.stream(ImageIO.getReaderFormatNames())
        .map(name -> name.toLowerCase(Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new))
        .stream()
        .collect(Collectors.joining(", "));
  }

  /** How many pixels it is high; reads the head of the file. */
  int height() throws IOException {
    return checked(() -> reader.getHeight(0));
  }

  /** How many pixels it is wide; reads the head of the file. */
  int width() throws IOException {
    return checked(() -> reader.getWidth(0));
  }

  /** The picture itself. */
  BufferedImage image() throws IOException {
    return checked(() -> reader.read(0));
  }

  private interface Part<T> {
    T read() throws IOException;
  }

  /** Java's readers meet broken files with whatever exception comes first. */
  private static <T> T checked(Part<T> part) throws IOException {
    try {
      return part.read();
    } catch (RuntimeException broken) {
      throw new IOException("it is broken: " + broken, broken);
    }
  }

  @Override
  public void close() throws IOException {
    reader.dispose();
    bytes.close();
  }
}
