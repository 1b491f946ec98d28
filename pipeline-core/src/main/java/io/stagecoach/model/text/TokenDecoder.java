package io.stagecoach.model.text;

/**
 * Turns tokens into text as they come. A character whose bytes are not all there yet is held back.
 */
public interface TokenDecoder {

  /** The characters that this token completes, perhaps none. */
  String next(int token);

  /** The text is at its end: U+FFFD for a character that was never completed, else nothing. */
  String end();
}
