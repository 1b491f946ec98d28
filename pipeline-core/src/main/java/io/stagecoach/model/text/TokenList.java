package io.stagecoach.model.text;

import java.util.Arrays;

/** A growing list of tokens. */
final class TokenList {

  private int[] tokens;
  private int size;

  TokenList(int room) {
    this.tokens = new int[Math.max(1, room)];
  }

  void add(int token) {
    makeRoom(1);
    tokens[size++] = token;
  }

  void add(int[] more) {
    makeRoom(more.length);
    System.arraycopy(more, 0, tokens, size, more.length);
    size += more.length;
  }

  private void makeRoom(int more) {
    if (size + more > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(size + more, 2 * tokens.length));
    }
  }

  int size() {
    return size;
  }

  int get(int index) {
    return tokens[index];
  }

  int[] toArray() {
    return Arrays.copyOf(tokens, size);
  }
}
