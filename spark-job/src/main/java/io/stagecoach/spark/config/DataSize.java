package io.stagecoach.spark.config;

/**
 * An amount of memory or of data.
 *
 * @param bytes how many bytes; at least 0
 */
public record DataSize(long bytes) {

  private static final String[] UNITS = {"b", "k", "m", "g", "t", "p"};

  public DataSize {
    if (bytes < 0) {
      throw new IllegalArgumentException("a size is not negative: " + bytes);
    }
  }

  /** A size in MiB. */
  public static DataSize ofMebibytes(long mebibytes) {
    return new DataSize(Math.multiplyExact(mebibytes, 1L << 20));
  }

  /** Whether there are no bytes, which most settings read as "no limit". */
  public boolean isZero() {
    return bytes == 0;
  }

  /** In Spark's own syntax, with the largest unit that loses nothing. */
  @Override
  public String toString() {
    if (bytes == 0) {
      return "0";
    }
    int unit = Math.min(Long.numberOfTrailingZeros(bytes) / 10, UNITS.length - 1);
    return (bytes >> (10 * unit)) + UNITS[unit];
  }
}
