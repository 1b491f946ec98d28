package io.stagecoach.spark.cluster;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.gpu.GpuRule;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/** Asks every executor that there is, by a Spark job of one task on each. */
public final class EveryExecutor {

  /** How often Spark may put a task on another executor than its own. */
  private static final int TRIES = 3;

  private static final long POLL_MILLIS = 100;

  private EveryExecutor() {}

  /** What is asked; it travels to the executors. */
  @FunctionalInterface
  public interface Question extends Serializable {

    /** Answers, on the executor. */
    String answer();
  }

  /**
   * What an executor answered.
   *
   * @param place its id and host
   */
  public record Answer(String place, String text) {}

  /** Waits until so many executors can be asked, or the time is over. */
  public static void await(JavaSparkContext spark, int wanted, Duration deadline) {
    int possible = spark.sc().isLocal() ? 1 : wanted;
    long end = System.nanoTime() + deadline.toNanos();
    while (Home.all(spark.sc()).size() < possible && System.nanoTime() < end) {
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StagecoachException(
            ErrorKind.INTERRUPTED,
            "The run was interrupted while it waited for executors",
            Where.nowhere(),
            "",
            e);
      }
    }
  }

  /**
   * Asks, by tasks as any other. Where tasks run in the driver's process, that is the only
   * executor.
   *
   * @param what a person reads in Spark's UI
   * @return the answers, in the order of executors
   * @throws StagecoachException the first cause, if one does not answer
   */
  public static List<Answer> ask(
      JavaSparkContext spark, String what, Question question, Duration deadline) {
    return ask(spark, rdd -> rdd, what, question, deadline);
  }

  /**
   * The same, by tasks that have of their executors what stages have.
   *
   * @param rule what that is
   */
  static List<Answer> ask(
      JavaSparkContext spark, GpuRule rule, String what, Question question, Duration deadline) {
    return ask(spark, rule::on, what, question, deadline);
  }

  private static List<Answer> ask(
      JavaSparkContext spark,
      UnaryOperator<PinnedRdd> rule,
      String what,
      Question question,
      Duration deadline) {
    try (PinnedJobs jobs = new PinnedJobs(spark.sc(), UUID.randomUUID(), deadline)) {
      for (int left = TRIES; ; left--) {
        List<Home> homes = Home.all(spark.sc());
        PinnedRdd rdd =
            rule.apply(new PinnedRdd(spark.sc(), homes, null, null, new Asked(question)));
        try {
          return answers(homes, jobs.run(rdd, what, homes, deadline));
        } catch (MisplacedException e) {
          if (left == 1) {
            throw new StagecoachException(
                ErrorKind.CLUSTER,
                e.getMessage() + ", " + TRIES + " times",
                "Let nothing else run in this application, and raise spark.locality.wait.");
          }
        }
      }
    }
  }

  private static List<Answer> answers(List<Home> homes, List<Object> texts) {
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < homes.size(); i++) {
      answers.add(new Answer(homes.get(i).words(), (String) texts.get(i)));
    }
    return answers;
  }

  /** The question as a task. */
  private record Asked(Question question) implements PinnedRdd.Work {

    @Override
    public Iterator<Tuple2<Integer, Object>> run(
        int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
      return JavaConverters.asScalaIterator(
          List.of(new Tuple2<Integer, Object>(executor, question.answer())).iterator());
    }
  }
}
