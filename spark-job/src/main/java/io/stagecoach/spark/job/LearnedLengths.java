package io.stagecoach.spark.job;

import io.stagecoach.engine.dl4j.FeatureLengths;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.InputColumns;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** What the data of training has told of the features. */
record LearnedLengths(List<InputColumns> inputs, StagecoachConf conf) implements FeatureLengths {

  @Override
  public int timeSteps() {
    return 1;
  }

  @Override
  public OptionalLong numbers(String input) {
    return columns(input).stream().mapToLong(InputColumns::numbers).findFirst();
  }

  private Optional<InputColumns> columns(String input) {
    return inputs.stream()
        .filter(columns -> columns.name().isEmpty() || columns.name().equals(input))
        .findFirst();
  }

  @Override
  public List<Integer> imageSize(String input) {
    return conf.dataImageSize().isEmpty()
        ? columns(input).map(InputColumns::imageSize).orElse(List.of())
        : conf.dataImageSize();
  }
}
