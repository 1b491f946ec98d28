package io.stagecoach.spark.job;

import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.File;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.deploy.k8s.SparkKubernetesClientFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;

/** What Kubernetes says of the pods of an application's executors that do not start. */
final class PodReasons {

  private static final Logger LOG = LoggerFactory.getLogger(PodReasons.class);

  private PodReasons() {}

  /** The reasons of those that are pending, each once; none where Kubernetes does not answer. */
  static List<String> ofPending(SparkContext spark) {
    try (KubernetesClient client = client(spark)) {
      return client
          .pods()
          .withLabel("spark-app-selector", spark.applicationId())
          .withLabel("spark-role", "executor")
          .list()
          .getItems()
          .stream()
          .filter(pod -> "Pending".equals(pod.getStatus().getPhase()))
          .flatMap(PodReasons::of)
          .distinct()
          .toList();
    } catch (KubernetesClientException e) {
      LOG.warn("Why executors do not start is not known: {}", e.toString());
      return List.of();
    }
  }

  /** Where no node takes the pod, and where the node cannot start its container. */
  static Stream<String> of(Pod pod) {
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
            : spark.master().substring(PendingPods.SCHEME.length()),
        Option.apply(conf.get("spark.kubernetes.namespace", "default")),
        inPod ? "spark.kubernetes.authenticate.driver.mounted" : "spark.kubernetes.authenticate",
        SparkKubernetesClientFactory.ClientType$.MODULE$.Driver(),
        conf,
        inPod ? Option.apply(authority) : Option.empty());
  }
}
