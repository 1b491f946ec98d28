package io.stagecoach.batch;

import java.io.Serializable;
import java.time.Duration;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * How a batch store is read.
 *
 * @param order in which order training visits the rows; validation is always read as stored
 * @param seed decides the shuffled order, with the epoch
 * @param windowChunks among the rows of how many chunks a row is permuted; a cache that holds fewer
 *     reads chunks more than once
 * @param cacheBytes how many bytes of chunks are kept on the heap
 * @param floats the type in which floats and masks come out
 * @param deadline how long a read waits for a chunk that is being fetched
 */
public record ReadOptions(
    Order order, long seed, int windowChunks, long cacheBytes, Floats floats, Duration deadline)
    implements Serializable {

  /** The orders of training. */
  public enum Order {
    /** A new order in each epoch, see {@link EpochOrder}. */
    SHUFFLED,
    /** As stored, in every epoch. */
    STORED
  }

  /** The types in which floats come out. */
  public enum Floats {
    /** As they are stored; masks as bool. */
    AS_STORED,
    /** Float32, and so are bool columns: DL4J's masks have the network's type. */
    FLOAT32,
    /** Float64, and so are bool columns. */
    FLOAT64
  }

  public ReadOptions {
    if (windowChunks < 1 || cacheBytes < 0) {
      throw new IllegalArgumentException(
          "a window of " + windowChunks + " chunks, a cache of " + cacheBytes + " bytes");
    }
  }

  /** Shuffled in windows of 8 chunks, 256 MiB of cache, types as stored. */
  public static ReadOptions shuffled(long seed) {
    return new ReadOptions(
        Order.SHUFFLED, seed, 8, 256L << 20, Floats.AS_STORED, Duration.ofMinutes(2));
  }

  /** As stored, otherwise like {@link #shuffled}. */
  public static ReadOptions stored() {
    return new ReadOptions(Order.STORED, 0, 8, 256L << 20, Floats.AS_STORED, Duration.ofMinutes(2));
  }

  /** The same, with another window. */
  public ReadOptions withWindowChunks(int chunks) {
    return new ReadOptions(order, seed, chunks, cacheBytes, floats, deadline);
  }

  /** The same, with another cache. */
  public ReadOptions withCacheBytes(long bytes) {
    return new ReadOptions(order, seed, windowChunks, bytes, floats, deadline);
  }

  /** The same, with floats in another type. */
  public ReadOptions withFloats(Floats type) {
    return new ReadOptions(order, seed, windowChunks, cacheBytes, type, deadline);
  }

  /** The same, with another deadline. */
  public ReadOptions withDeadline(Duration longest) {
    return new ReadOptions(order, seed, windowChunks, cacheBytes, floats, longest);
  }

  /** The type in which a column comes out. */
  DataType outputType(ColumnSpec.Type stored) {
    if (floats == Floats.AS_STORED) {
      return stored.dataType();
    }
    return switch (stored) {
      case FLOAT32, FLOAT64, BOOL -> floats == Floats.FLOAT32 ? DataType.FLOAT : DataType.DOUBLE;
      case INT32, INT64, UINT8 -> stored.dataType();
    };
  }
}
