package io.stagecoach.engine.dl4j;

import java.util.List;
import java.util.OptionalLong;

/** What the data says of the features where the network alone does not. */
public interface FeatureLengths {

  /** The length of sequences; 1 where there are none. */
  int timeSteps();

  /**
   * How many numbers an example has; asked only where the network does not say the shape.
   *
   * @param input the name of the model's input
   */
  OptionalLong numbers(String input);

  /**
   * Height and width of images; empty where the network and the numbers have to tell.
   *
   * @param input the name of the model's input
   */
  List<Integer> imageSize(String input);

  /** Lengths where nothing is known but the length of sequences. */
  static FeatureLengths of(int timeSteps) {
    return new FeatureLengths() {
      @Override
      public int timeSteps() {
        return timeSteps;
      }

      @Override
      public OptionalLong numbers(String input) {
        return OptionalLong.empty();
      }

      @Override
      public List<Integer> imageSize(String input) {
        return List.of();
      }
    };
  }

  /** The same with sequences of another length. */
  default FeatureLengths withTimeSteps(int others) {
    FeatureLengths same = this;
    return new FeatureLengths() {
      @Override
      public int timeSteps() {
        return others;
      }

      @Override
      public OptionalLong numbers(String input) {
        return same.numbers(input);
      }

      @Override
      public List<Integer> imageSize(String input) {
        return same.imageSize(input);
      }
    };
  }
}
