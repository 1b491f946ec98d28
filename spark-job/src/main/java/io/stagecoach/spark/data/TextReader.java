package io.stagecoach.spark.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Reads the characters (Unicode code points) of a file of UTF-8. Byte order marks are passed over.
 */
final class TextReader implements AutoCloseable {

  private static final int BUFFER = 1 << 16;
  private static final int BYTE_ORDER_MARK = 0xFEFF;
  private static final int[] LEAST_OF_LENGTH = {0, 0, 0x80, 0x800, 0x10000};

  /** So far before a byte is at least one character, with a byte order mark behind it. */
  private static final long LOOK_BACK = 8;

  private final TextFiles.TextFile file;
  private final InputStream in;
  private long offset;
  private long position;

  private TextReader(TextFiles.TextFile file, long offset, Configuration hadoop)
      throws IOException {
    this.file = file;
    this.offset = offset;
    Path path = new Path(file.path());
    FSDataInputStream stream = path.getFileSystem(hadoop).open(path);
    stream.seek(offset);
    this.in = new BufferedInputStream(stream, BUFFER);
    if (offset > 0) {
      passOverRestOfCharacter();
    }
  }

  /** A reader that begins at least one character before a byte, or at the beginning of the file. */
  static TextReader before(TextFiles.TextFile file, long offset, Configuration hadoop)
      throws IOException {
    for (long back = LOOK_BACK; back < offset; back *= 2) {
      try (TextReader trial = new TextReader(file, offset - back, hadoop)) {
        if (trial.next() >= 0 && trial.position() < offset) {
          return new TextReader(file, offset - back, hadoop);
        }
      }
    }
    return new TextReader(file, 0, hadoop);
  }

  private void passOverRestOfCharacter() throws IOException {
    int next;
    do {
      in.mark(1);
      next = in.read();
      if (next >= 0 && isContinuation(next)) {
        offset++;
      }
    } while (next >= 0 && isContinuation(next));
    in.reset();
  }

  /** The next character, or -1 at the end of the file. */
  int next() throws IOException {
    while (true) {
      position = offset;
      int lead = in.read();
      if (lead < 0) {
        return -1;
      }
      offset++;
      int codePoint = lead < 0x80 ? lead : multiByte(lead);
      if (codePoint != BYTE_ORDER_MARK) {
        return codePoint;
      }
    }
  }

  /** Where the character that was read last begins, in bytes. */
  long position() {
    return position;
  }

  private int multiByte(int lead) throws IOException {
    int length =
        (lead & 0xE0) == 0xC0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : (lead & 0xF8) == 0xF0 ? 4 : 0;
    int codePoint = lead & (0x7F >> length);
    for (int i = 1; i < length; i++) {
      int next = in.read();
      if (next < 0 || !isContinuation(next)) {
        throw malformed();
      }
      offset++;
      codePoint = (codePoint << 6) | (next & 0x3F);
    }
    if (length == 0
        || codePoint < LEAST_OF_LENGTH[length]
        || codePoint > Character.MAX_CODE_POINT
        || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE)) {
      throw malformed();
    }
    return codePoint;
  }

  private RuntimeException malformed() {
    return DataErrors.data(
        file.path() + " is not UTF-8: its byte " + position + " begins no character",
        "Convert the text to UTF-8, or leave the file out.");
  }

  private static boolean isContinuation(int next) {
    return (next & 0xC0) == 0x80;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
