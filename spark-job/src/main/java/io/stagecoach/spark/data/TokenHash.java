package io.stagecoach.spark.data;

import java.io.Serializable;

/**
 * A hash of a sequence of tokens that is had from the hashes of its parts: a polynomial over the
 * tokens, each mixed, modulo 2^64.
 *
 * @param value the polynomial
 * @param power the base to the number of tokens
 */
record TokenHash(long value, long power) implements Serializable {

  /** Of no tokens. */
  static final TokenHash NOTHING = new TokenHash(0, 1);

  private static final long BASE = 0x9E3779B97F4A7C15L;

  static TokenHash of(int... tokens) {
    long value = 0;
    long power = 1;
    for (int token : tokens) {
      value = value * BASE + mixed(token);
      power *= BASE;
    }
    return new TokenHash(value, power);
  }

  private static long mixed(int token) {
    long mixed = (token + 1L) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 29)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 32);
  }

  /** Of these tokens and, behind them, those of another hash. */
  TokenHash then(TokenHash next) {
    return new TokenHash(value * next.power + next.value, power * next.power);
  }
}
