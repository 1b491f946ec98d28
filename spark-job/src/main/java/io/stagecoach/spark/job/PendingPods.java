package io.stagecoach.spark.job;

import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.File;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.deploy.k8s.SparkKubernetesClientFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/**
 * Why executors do not start on Kubernetes, which says it of their pods and not to Spark. With
 * other masters nothing is asked.
 */
final class PendingPods {

  private static final Logger LOG = LoggerFactory.getLogger(PendingPods.class);

  private static final String SCHEME = "k8s://";

  private PendingPods() {}

  /** The same error; if it is that the cluster gives no executors, with the reasons. */
  static StagecoachException explain(StagecoachException error, SparkContext spark) {
    if (error.kind() != ErrorKind.CLUSTER
        || spark.isStopped()
        || !spark.master().startsWith(SCHEME)) {
      return error;
    }
    List<String> reasons = reasons(spark);
    return reasons.isEmpty()
        ? error
        : new StagecoachException(
            error.kind(),
            error.what() + "; Kubernetes says of pending pods: " + String.join("; ", reasons),
            error.where(),
            error.remedy(),
            error);
  }

  private static List<String> reasons(SparkContext spark) {
    try (KubernetesClient client = client(spark)) {
      return client
          .pods()
          .withLabel("spark-app-selector", spark.applicationId())
          .withLabel("spark-role", "executor")
          .list()
          .getItems()
          .stream()
          .filter(pod -> "Pending".equals(pod.getStatus().getPhase()))
          .flatMap(PendingPods::reasons)
          .distinct()
          .toList();
    } catch (KubernetesClientException e) {
      LOG.warn("Why executors do not start is not known: {}", e.toString());
      return List.of();
    }
  }

  /** Where no node takes the pod, and where the node cannot start its container. */
  static Stream<String> reasons(Pod pod) {
    Stream<String> conditions =
        pod.getStatus().getConditions().stream()
            .filter(condition -> "False".equals(condition.getStatus()))
            .filter(condition -> "PodScheduled".equals(condition.getType()))
            .map((PodCondition c) -> text(c.getReason(), c.getMessage()));
    Stream<String> waiting =
        pod.getStatus().getContainerStatuses().stream()
            .map(ContainerStatus::getState)
            .filter(state -> state != null && state.getWaiting() != null)
            .map(state -> state.getWaiting())
            .map((ContainerStateWaiting w) -> text(w.getReason(), w.getMessage()));
    return Stream.concat(conditions, waiting);
  }

  private static String text(String reason, String message) {
    return message == null || message.isBlank() ? reason : reason + " (" + message.strip() + ")";
  }

  /** As Spark's own scheduler talks to Kubernetes, from a client and from a pod. */
  private static KubernetesClient client(SparkContext spark) {
    SparkConf conf = spark.conf();
    boolean inPod = conf.getBoolean("spark.kubernetes.submitInDriver", false);
    File authority = new File("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
    return SparkKubernetesClientFactory.createKubernetesClient(
        inPod
            ? conf.get("spark.kubernetes.driver.master", "https://kubernetes.default.svc")
            : spark.master().substring(SCHEME.length()),
        Option.apply(conf.get("spark.kubernetes.namespace", "default")),
        inPod ? "spark.kubernetes.authenticate.driver.mounted" : "spark.kubernetes.authenticate",
        SparkKubernetesClientFactory.ClientType$.MODULE$.Driver(),
        conf,
        inPod ? Option.apply(authority) : Option.empty());
  }
}
