package io.stagecoach.spark.data;

import io.stagecoach.model.text.TextCut;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Files of text, each a document. */
final class FileTexts implements TextSource {

  /** How many bytes a task reads. */
  private static final long BLOCK_BYTES = 4L << 20;

  /** How long a piece is at least, in UTF-16 units, unless its document ends. */
  private static final int PIECE_LENGTH = 1 << 13;

  private final String name;
  private final TextFiles files;
  private final JavaSparkContext spark;
  private final long blockBytes;

  /** A part of a file: what begins within it, at the first place where it may be cut. */
  private record Range(TextFiles.TextFile file, long start, long end) implements Serializable {}

  private FileTexts(String name, TextFiles files, JavaSparkContext spark, long blockBytes) {
    this.name = name;
    this.files = files;
    this.spark = spark;
    this.blockBytes = blockBytes;
  }

  /**
   * The files at a path.
   *
   * @throws io.stagecoach.error.StagecoachException of kind DATA where no text is there
   */
  static FileTexts at(String path, SparkSession spark) {
    return at(path, spark, BLOCK_BYTES);
  }

  static FileTexts at(String path, SparkSession spark, long blockBytes) {
    TextFiles files =
        DataErrors.whileDoing(
            "the text at " + path + " cannot be read",
            () -> TextFiles.at(path, spark.sparkContext().hadoopConfiguration()));
    return new FileTexts(
        path, files, JavaSparkContext.fromSparkContext(spark.sparkContext()), blockBytes);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean isEmpty() {
    // What has no text is refused when it is opened.
    return false;
  }

  @Override
  public long dropped() {
    return 0;
  }

  @Override
  public JavaRDD<TextPiece> runningText(TextCut cut) {
    return documents(cut);
  }

  @Override
  public JavaRDD<TextPiece> documents(TextCut cut) {
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    List<List<Range>> blocks = blocks();
    return spark
        .parallelize(blocks, blocks.size())
        .flatMap(List::iterator)
        .flatMap(range -> new Pieces(range, cut, hadoop.value()));
  }

  /** Large files in several blocks, several small ones in one. */
  private List<List<Range>> blocks() {
    List<List<Range>> blocks = new ArrayList<>();
    List<Range> block = new ArrayList<>();
    long room = blockBytes;
    for (TextFiles.TextFile file : files.files()) {
      long start = 0;
      while (start < file.bytes()) {
        long end = Math.min(file.bytes(), start + room);
        block.add(new Range(file, start, end));
        room -= end - start;
        start = end;
        if (room == 0) {
          blocks.add(block);
          block = new ArrayList<>();
          room = blockBytes;
        }
      }
    }
    if (!block.isEmpty()) {
      blocks.add(block);
    }
    return blocks;
  }

  /** The pieces of a range. */
  private static final class Pieces implements Iterator<TextPiece> {

    private final Range range;
    private final TextCut cut;
    private final TextReader reader;
    private int codePoint;

    Pieces(Range range, TextCut cut, Configuration hadoop) throws IOException {
      this.range = range;
      this.cut = cut;
      this.reader = TextReader.before(range.file(), range.start(), hadoop);
      int before = -1;
      codePoint = reader.next();
      while (codePoint >= 0
          && range.start() > 0
          && (before < 0 || reader.position() < range.start() || !cut.between(before, codePoint))) {
        before = codePoint;
        codePoint = reader.next();
      }
      if (codePoint >= 0 && range.start() > 0 && reader.position() >= range.end()) {
        // The range before reads on to here.
        codePoint = -1;
      }
      closeAtEnd();
    }

    @Override
    public boolean hasNext() {
      return codePoint >= 0;
    }

    @Override
    public TextPiece next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      try {
        StringBuilder text = new StringBuilder(PIECE_LENGTH + 64);
        int before;
        do {
          text.appendCodePoint(codePoint);
          before = codePoint;
          codePoint = reader.next();
        } while (codePoint >= 0 && !(isEnough(text) && cut.between(before, codePoint)));
        boolean last = codePoint < 0;
        if (!last && reader.position() >= range.end()) {
          codePoint = -1;
        }
        closeAtEnd();
        return new TextPiece(text.toString(), last);
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }

    private boolean isEnough(StringBuilder text) {
      return text.length() >= PIECE_LENGTH || reader.position() >= range.end();
    }

    private void closeAtEnd() throws IOException {
      if (codePoint < 0) {
        reader.close();
      }
    }
  }
}
