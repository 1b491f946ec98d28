package io.stagecoach.spark.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.PlanFile;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.SparkConf;

/**
 * The settings of a training master: those that the program gave it, over the application's, over
 * defaults that differ from those of a job.
 *
 * @param given the program's, by key without {@code spark.stagecoach.}
 */
record MasterSettings(SortedMap<String, String> given) {

  /** Where the program itself has said it. */
  private static final List<String> OF_A_JOB =
      List.of(
          "data.",
          "model.",
          "output.",
          "checkpoint.",
          "resume",
          "validation.",
          "learningRate",
          "weightDecay",
          "sample.",
          "generate.",
          "score.",
          "retrain.");

  private static final List<String> OF_BOTH =
      List.of(Settings.DATA_SHUFFLE.name(), Settings.DATA_IMAGE_SIZE.name());

  MasterSettings {
    given = Collections.unmodifiableSortedMap(new TreeMap<>(given));
    readOver(new SparkConf(false), given);
  }

  /**
   * The settings in an application.
   *
   * @throws StagecoachException CONFIGURATION for keys that are unknown or not for a training
   *     master, and values that are not allowed
   */
  StagecoachConf in(SparkConf application) {
    return readOver(application, given);
  }

  private static StagecoachConf readOver(SparkConf application, SortedMap<String, String> given) {
    SparkConf settings = application.clone();
    given.forEach((key, value) -> settings.set(Settings.PREFIX + key, value));
    for (var setting : settings.getAllWithPrefix(Settings.PREFIX)) {
      requireForMaster(setting._1());
    }
    // Who trains on an RDD has it in the order that is meant, and listens rather than looks on.
    settings.setIfMissing(Settings.DATA_SHUFFLE.key(), "false");
    settings.setIfMissing(Settings.PROGRESS.key(), "none");
    PlanFile.expand(settings);
    return StagecoachConf.from(settings);
  }

  private static void requireForMaster(String key) {
    if (!OF_BOTH.contains(key) && OF_A_JOB.stream().anyMatch(key::startsWith)) {
      throw new StagecoachException(
          ErrorKind.CONFIGURATION,
          Settings.PREFIX
              + key
              + " is set, which is for a job of its own: a training master gets its data, its"
              + " network and its optimizer from the program, and gives the network back to it",
          "Leave it out; learning rate and weight decay are in the network's configuration.");
    }
  }
}
