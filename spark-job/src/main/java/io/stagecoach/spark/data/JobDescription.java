package io.stagecoach.spark.data;

import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/** What Spark's UI says that jobs are for. */
final class JobDescription {

  private static final String PROPERTY = "spark.job.description";

  private JobDescription() {}

  /** Runs jobs under a description, and puts the former one back. */
  static <T> T during(SparkContext spark, String description, Supplier<T> jobs) {
    String former = spark.getLocalProperty(PROPERTY);
    spark.setJobDescription(description);
    try {
      return jobs.get();
    } finally {
      spark.setJobDescription(former);
    }
  }
}
