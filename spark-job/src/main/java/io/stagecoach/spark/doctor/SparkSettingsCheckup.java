package io.stagecoach.spark.doctor;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.config.SparkSettingsCheck;
import org.apache.spark.SparkConf;

/** Settings of Spark that fight with the stages, by the rules by which a run refuses them. */
final class SparkSettingsCheckup implements ApplicationCheck {

  @Override
  public String name() {
    return "Spark settings";
  }

  @Override
  public Finding look(Application application) {
    return judge(application.given(), application.conf().executors());
  }

  static Finding judge(SparkConf given, int stages) {
    try {
      SparkSettingsCheck.check(given, stages);
      return new Finding.Ok("none that fights with the stages");
    } catch (StagecoachException e) {
      return new Finding.Trouble(e.what(), e.remedy());
    }
  }
}
