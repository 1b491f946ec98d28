package io.stagecoach.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Makes inputs of others: as a broken network, a broken program or an enemy would. */
final class Mutator {

  /** Longer ones are cut. */
  static final int MAX_BYTES = 16 << 10;

  private static final long[] NUMBERS = {
    0,
    1,
    2,
    7,
    8,
    63,
    64,
    127,
    128,
    255,
    256,
    4095,
    4096,
    65535,
    65536,
    1 << 20,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0xffffffffL,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    -1,
    -2,
    -8
  };

  private static final String[] TEXTS = {
    "0",
    "-1",
    "1e999",
    "999999999",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "NaN",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[[[[[[[[",
    "\\u0000",
    "\n",
    " ",
    ",",
    ":",
    ".",
    "%s"
  };

  private final SplittableRandom random;
  private final List<byte[]> words;

  Mutator(SplittableRandom random, List<String> words) {
    this.random = random;
    this.words = words.stream().map(word -> word.getBytes(StandardCharsets.UTF_8)).toList();
  }

  /** A changed copy, one to eight changes, few more often than many. */
  byte[] change(byte[] input, byte[] other) {
    byte[] bytes = input.clone();
    int changes = 1 + Integer.numberOfTrailingZeros(random.nextInt(1 << 7) | (1 << 7));
    for (int i = 0; i < changes; i++) {
      bytes = change(bytes, other, random.nextInt(12));
    }
    return bytes.length <= MAX_BYTES ? bytes : Arrays.copyOf(bytes, MAX_BYTES);
  }

  private byte[] change(byte[] bytes, byte[] other, int how) {
    int at = random.nextInt(bytes.length + 1);
    int end = at + Math.min(bytes.length - at, 1 << random.nextInt(8));
    return switch (how) {
      case 0, 1 -> flip(bytes, at);
      case 2 -> put(bytes, at, new byte[] {(byte) random.nextInt()});
      case 3, 4 -> put(bytes, at, number());
      case 5 -> replace(bytes, at, end, new byte[0]);
      case 6 -> replace(bytes, at, at, Arrays.copyOfRange(bytes, at, end));
      case 7 -> replace(bytes, at, at, noise());
      case 8 -> replace(bytes, at, random.nextBoolean() ? at : end, word());
      case 9 -> Arrays.copyOf(bytes, at);
      case 10 -> {
        int from = random.nextInt(other.length + 1);
        yield replace(bytes, at, bytes.length, Arrays.copyOfRange(other, from, other.length));
      }
      default -> {
        int from = random.nextInt(other.length + 1);
        int to = from + Math.min(other.length - from, 1 << random.nextInt(8));
        yield replace(bytes, at, end, Arrays.copyOfRange(other, from, to));
      }
    };
  }

  private byte[] flip(byte[] bytes, int at) {
    if (at < bytes.length) {
      bytes[at] = (byte) (bytes[at] ^ (1 << random.nextInt(8)));
    }
    return bytes;
  }

  private static byte[] put(byte[] bytes, int at, byte[] over) {
    System.arraycopy(over, 0, bytes, at, Math.min(over.length, bytes.length - at));
    return bytes;
  }

  private byte[] number() {
    long number = NUMBERS[random.nextInt(NUMBERS.length)];
    ByteOrder order = random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    return switch (random.nextInt(3)) {
      case 0 -> ByteBuffer.allocate(2).order(order).putShort((short) number).array();
      case 1 -> ByteBuffer.allocate(4).order(order).putInt((int) number).array();
      default -> ByteBuffer.allocate(8).order(order).putLong(number).array();
    };
  }

  private byte[] noise() {
    byte[] noise = new byte[1 << random.nextInt(7)];
    random.nextBytes(noise);
    return noise;
  }

  private byte[] word() {
    int choice = random.nextInt(TEXTS.length + words.size());
    return choice < TEXTS.length
        ? TEXTS[choice].getBytes(StandardCharsets.UTF_8)
        : words.get(choice - TEXTS.length);
  }

  private static byte[] replace(byte[] bytes, int from, int to, byte[] with) {
    byte[] result = new byte[bytes.length - (to - from) + with.length];
    System.arraycopy(bytes, 0, result, 0, from);
    System.arraycopy(with, 0, result, from, with.length);
    System.arraycopy(bytes, to, result, from + with.length, bytes.length - to);
    return result;
  }
}
