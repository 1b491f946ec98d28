package io.stagecoach.spark.job;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.util.List;
import org.apache.spark.SparkContext;

/**
 * Why executors do not start on Kubernetes, which says it of their pods and not to Spark. With
 * other masters nothing is asked, and Kubernetes' client need not be there.
 */
final class PendingPods {

  /** How the address of a Kubernetes master begins. */
  static final String SCHEME = "k8s://";

  private PendingPods() {}

  /** The same error; if it is that the cluster gives no executors, with the reasons. */
  static StagecoachException explain(StagecoachException error, SparkContext spark) {
    if (error.kind() != ErrorKind.CLUSTER
        || spark.isStopped()
        || !spark.master().startsWith(SCHEME)) {
      return error;
    }
    List<String> reasons = PodReasons.ofPending(spark);
    return reasons.isEmpty()
        ? error
        : new StagecoachException(
            error.kind(),
            error.what() + "; Kubernetes says of pending pods: " + String.join("; ", reasons),
            error.where(),
            error.remedy(),
            error);
  }
}
