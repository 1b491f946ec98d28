package io.stagecoach.spark.data;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Reads the characters (Unicode code points) of a text from any byte on. A character belongs to
 * where its first byte is: a reader that begins within one passes over it. Byte order marks are
 * passed over.
 */
final class TextReader implements AutoCloseable {

  private static final int BUFFER = 1 << 16;
  private static final int BYTE_ORDER_MARK = 0xFEFF;
  private static final int[] LEAST_OF_LENGTH = {0, 0, 0x80, 0x800, 0x10000};

  private final List<TextFiles.TextFile> files;
  private final Configuration hadoop;

  private int file;
  private long offsetInFile;
  private long position;
  private InputStream in;

  /**
   * @param position the byte to begin at, counted over all files
   */
  TextReader(TextFiles text, long position, Configuration hadoop) throws IOException {
    this.files = text.files();
    this.hadoop = hadoop;
    this.position = position;
    long before = 0;
    while (file < files.size() && before + files.get(file).bytes() <= position) {
      before += files.get(file).bytes();
      file++;
    }
    if (file < files.size()) {
      open(position - before);
      if (offsetInFile > 0) {
        passOverRestOfCharacter();
      }
    }
  }

  private void open(long offset) throws IOException {
    Path path = new Path(files.get(file).path());
    FSDataInputStream stream = path.getFileSystem(hadoop).open(path);
    stream.seek(offset);
    in = new BufferedInputStream(stream, BUFFER);
    offsetInFile = offset;
  }

  private void passOverRestOfCharacter() throws IOException {
    int next;
    do {
      in.mark(1);
      next = in.read();
      if (next >= 0 && isContinuation(next)) {
        advance();
      }
    } while (next >= 0 && isContinuation(next));
    in.reset();
  }

  /**
   * The next character, or -1 where there is none that begins before this byte, counted over all
   * files.
   */
  int next(long end) throws IOException {
    while (in != null && position < end) {
      int lead = in.read();
      if (lead < 0) {
        openNext();
        continue;
      }
      long start = offsetInFile;
      advance();
      int codePoint = lead < 0x80 ? lead : multiByte(lead, start);
      if (codePoint != BYTE_ORDER_MARK) {
        return codePoint;
      }
    }
    return -1;
  }

  private void openNext() throws IOException {
    in.close();
    in = null;
    if (++file < files.size()) {
      open(0);
    }
  }

  private int multiByte(int lead, long start) throws IOException {
    int length =
        (lead & 0xE0) == 0xC0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : (lead & 0xF8) == 0xF0 ? 4 : 0;
    int codePoint = lead & (0x7F >> length);
    for (int i = 1; i < length; i++) {
      int next = in.read();
      if (next < 0 || !isContinuation(next)) {
        throw malformed(start);
      }
      advance();
      codePoint = (codePoint << 6) | (next & 0x3F);
    }
    if (length == 0
        || codePoint < LEAST_OF_LENGTH[length]
        || codePoint > Character.MAX_CODE_POINT
        || (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE)) {
      throw malformed(start);
    }
    return codePoint;
  }

  private RuntimeException malformed(long start) {
    return DataErrors.data(
        files.get(file).path() + " is not UTF-8: its byte " + start + " begins no character",
        "Convert the text to UTF-8, or leave the file out.");
  }

  private void advance() {
    offsetInFile++;
    position++;
  }

  private static boolean isContinuation(int next) {
    return (next & 0xC0) == 0x80;
  }

  @Override
  public void close() throws IOException {
    if (in != null) {
      in.close();
    }
  }
}
