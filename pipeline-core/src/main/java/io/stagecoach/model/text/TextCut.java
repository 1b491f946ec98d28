package io.stagecoach.model.text;

/** Where a text may be cut so that its parts can be encoded without knowing of each other. */
public enum TextCut {
  /** Between any two characters. */
  ANYWHERE {
    @Override
    public boolean between(int before, int after) {
      return true;
    }
  },
  /** Where white space begins. */
  BEFORE_WHITE_SPACE {
    @Override
    public boolean between(int before, int after) {
      return !Words.isWhiteSpace(before) && Words.isWhiteSpace(after);
    }
  };

  /** Whether a cut is allowed between two code points that follow each other. */
  public abstract boolean between(int before, int after);
}
