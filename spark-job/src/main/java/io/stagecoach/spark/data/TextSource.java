package io.stagecoach.spark.data;

import io.stagecoach.model.text.TextCut;
import org.apache.spark.api.java.JavaRDD;

/**
 * Documents in an order that is a pure function of the data, however many tasks read them. The
 * pieces of all partitions, in the order of the partitions, are the documents; a partition has the
 * same pieces each time it is read.
 */
interface TextSource {

  /** What a user calls it. */
  String name();

  /** The documents, cut into pieces where {@code cut} allows it. */
  JavaRDD<TextPiece> documents(TextCut cut);

  /**
   * The same as one running text, for tokens of which none can end a document: a row ends with a
   * line break, files follow each other as they are.
   */
  JavaRDD<TextPiece> runningText(TextCut cut);

  /** Whether there are no documents at all. */
  boolean isEmpty();

  /** How many rows have no text and are left out. */
  long dropped();
}
