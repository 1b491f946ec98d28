package io.stagecoach.plan;

import java.util.Locale;

/** Numbers as an operator reads them: three or four digits and a unit. */
public final class Quantity {

  private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  private static final String[] DECIMAL = {"", "K", "M", "G", "T", "P", "E"};

  private Quantity() {}

  /** Bytes, in powers of 1024. */
  public static String bytes(long bytes) {
    return scaled(bytes, 1024, BINARY);
  }

  /** A count, in powers of 1000. */
  public static String count(long count) {
    return scaled(count, 1000, DECIMAL);
  }

  private static String scaled(long number, int base, String[] units) {
    if (number < base) {
      return (number + " " + units[0]).trim();
    }
    double scaled = number;
    int unit = 0;
    // 999.95 would print as 1000.0: it belongs to the next unit.
    while (scaled >= base - 0.05 && unit < units.length - 1) {
      scaled /= base;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", scaled, units[unit]);
  }
}
