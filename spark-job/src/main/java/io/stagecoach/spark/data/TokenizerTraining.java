package io.stagecoach.spark.data;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.text.BytePairTrainer;
import io.stagecoach.model.text.ByteTokenizer;
import io.stagecoach.model.text.TextCut;
import io.stagecoach.model.text.Tokenizer;
import io.stagecoach.model.text.Vocabulary;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.TokenizerKind;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/**
 * Makes a tokenizer for a text: tasks count, the driver learns from the sums.
 *
 * @param kind what tokens are
 * @param size how many there may be; 0 for the default of the kind
 */
record TokenizerTraining(TokenizerKind kind, int size) {

  private static final int DEFAULT_BYTE_PAIRS = 8192;

  /** Different words that the driver takes; the rarest of more than that teach nothing. */
  private static final int MOST_WORDS = 1 << 20;

  /** The tokenizer of a text. */
  Tokenizer learn(TextSource text) {
    return switch (kind) {
      case BYTES -> new ByteTokenizer();
      case CHARACTERS -> characters(text);
      case BYTE_PAIRS -> bytePairs(text);
    };
  }

  private Vocabulary characters(TextSource text) {
    Map<Integer, Long> counts = new HashMap<>();
    text.runningText(TextCut.ANYWHERE)
        .flatMap(piece -> Vocabulary.counts(piece.text()).entrySet().iterator())
        .mapToPair(entry -> new Tuple2<>(entry.getKey(), entry.getValue()))
        .reduceByKey(Long::sum)
        .collect()
        .forEach(count -> counts.put(count._1(), count._2()));
    return Vocabulary.ofCounts(counts, size == 0 ? Integer.MAX_VALUE : size);
  }

  private Tokenizer bytePairs(TextSource text) {
    int tokens = size == 0 ? DEFAULT_BYTE_PAIRS : size;
    if (tokens < new ByteTokenizer().size()) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.DATA_VOCABULARY.key() + " is " + size + ", fewer than byte pairs begin with",
          "Set at least " + new ByteTokenizer().size() + ", or 0 for " + DEFAULT_BYTE_PAIRS + ".");
    }
    JavaRDD<TextPiece> pieces = text.documents(BytePairTrainer.cut());
    JavaPairRDD<String, Long> words =
        pieces
            .flatMap(
                piece -> {
                  List<String> found = new ArrayList<>();
                  BytePairTrainer.words(piece.text(), found::add);
                  return found.iterator();
                })
            .mapToPair(word -> new Tuple2<>(word, 1L))
            .reduceByKey(Long::sum);
    Map<String, Long> counts = new HashMap<>();
    words
        .takeOrdered(MOST_WORDS, new FrequentFirst())
        .forEach(count -> counts.put(count._1(), count._2()));
    return BytePairTrainer.train(counts, tokens);
  }

  private static final class FrequentFirst
      implements Comparator<Tuple2<String, Long>>, Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public int compare(Tuple2<String, Long> a, Tuple2<String, Long> b) {
      int byCount = Long.compare(b._2(), a._2());
      return byCount != 0 ? byCount : a._1().compareTo(b._1());
    }
  }
}
