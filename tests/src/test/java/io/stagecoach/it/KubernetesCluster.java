package io.stagecoach.it;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.stream.Collectors;
import okhttp3.mockwebserver.MockWebServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cluster of Kubernetes on this machine: its API in this process ({@link KubernetesApi}), and
 * each pod as a local process ({@link LocalPod}). There are no containers, no limits and no
 * scheduler: every pod starts at once, but for one whose image nobody has, which is pending. On
 * close all pods end.
 */
public final class KubernetesCluster implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(KubernetesCluster.class);

  /** It has a line to say of each request; held here, or its level would be forgotten. */
  private static final java.util.logging.Logger REQUESTS =
      java.util.logging.Logger.getLogger(MockWebServer.class.getName());

  private static final String IMAGE = "spark.kubernetes.container.image";

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** How much of its log Kubernetes keeps as the last words of a container that failed. */
  private static final int LAST_WORDS = 2048;

  private final Path directory;
  private final String imageName;
  private final LocalPod.Image image;
  private final KubernetesMockServer server;
  private final KubernetesClient client;
  private final Map<String, Pod> created = new ConcurrentHashMap<>();
  private final Map<String, LocalPod> pods = new ConcurrentHashMap<>();
  private final AtomicInteger addresses = new AtomicInteger(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private volatile boolean isClosed;

  private KubernetesCluster(Path directory, String imageName) throws IOException {
    REQUESTS.setLevel(Level.WARNING);
    this.directory = directory;
    this.imageName = imageName;
    Path repository = StagecoachProcess.repository();
    Path docker = repository.resolve("spark-job/docker");
    this.image =
        new LocalPod.Image(
            Map.of(
                "/opt/spark", Built.SPARK_HOME,
                "/opt/decom.sh", docker.resolve("decom.sh"),
                "/opt/stagecoach/stagecoach.jar", Built.jar()),
            docker.resolve("entrypoint.sh"),
            Map.of(
                "SPARK_HOME",
                Built.SPARK_HOME.toString(),
                "JAVA_HOME",
                System.getProperty("java.home")));
    this.server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesApi(this::end),
            false);
    server.init(InetAddress.getLoopbackAddress(), 0);
    this.client = server.createClient();
    client.pods().inAnyNamespace().watch(new Pods());
  }

  /**
   * Starts the cluster, which keeps all its files in this directory. The only image that it has is
   * that of {@code conf/kubernetes.properties}: what {@code spark-job/docker/Dockerfile} makes,
   * without its Debian.
   */
  public static KubernetesCluster start(Path directory) throws IOException {
    return new KubernetesCluster(directory, given().get(IMAGE));
  }

  /** What {@code conf/kubernetes.properties} says. */
  private static Map<String, String> given() {
    Properties properties = new Properties();
    Path conf = StagecoachProcess.repository().resolve("conf/kubernetes.properties");
    try (Reader in = Files.newBufferedReader(conf)) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, String> given = new TreeMap<>();
    properties.forEach((key, value) -> given.put(key.toString(), value.toString()));
    return given;
  }

  /**
   * Those of {@code conf/kubernetes.properties} that say where and how an application runs, and
   * nothing of what it does.
   *
   * @param name of the application
   * @param deployMode {@code client} or {@code cluster}
   */
  public Map<String, String> settings(String name, String deployMode) {
    Map<String, String> settings = given();
    settings.keySet().removeIf(key -> key.startsWith("spark.stagecoach."));
    for (String role : List.of("driver", "executor")) {
      settings.computeIfPresent(
          "spark.kubernetes." + role + ".podTemplateFile",
          (key, file) -> StagecoachProcess.repository().resolve(file).toString());
    }
    settings.put("spark.app.name", name);
    settings.put("spark.master", master());
    settings.put("spark.submit.deployMode", deployMode);
    if (deployMode.equals("client")) {
      settings.put("spark.driver.host", "127.0.0.1");
      settings.put("spark.driver.bindAddress", "127.0.0.1");
    } else {
      settings.put("spark.kubernetes.driver.master", master().replace("k8s://", ""));
    }
    return settings;
  }

  /** The name of the image that it has. */
  String imageName() {
    return imageName;
  }

  /** Its address, as {@code spark.master} has it. */
  private String master() {
    return "k8s://http://127.0.0.1:" + server.getPort();
  }

  /** What the driver in a pod of this application has said so far. */
  public String driverSaid(String application) {
    return created(application, "driver").stream().map(this::log).collect(Collectors.joining());
  }

  /** The pods that an application of this name has had, of Spark's role, as they were created. */
  List<Pod> created(String application, String role) {
    return created.values().stream()
        .filter(pod -> role.equals(pod.getMetadata().getLabels().get("spark-role")))
        .filter(pod -> application.equals(pod.getMetadata().getLabels().get("spark-app-name")))
        .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
        .toList();
  }

  /** A pod as the API shows it now, if it is there. */
  Optional<Pod> now(Pod pod) {
    return Optional.ofNullable(client.pods().resource(pod).get());
  }

  /** Asks for a pod's end, as {@code kubectl delete pod} does, and does not wait for it. */
  void delete(Pod pod) {
    client.pods().resource(pod).delete();
  }

  /** Ends a pod's process without a word, as a node does that is lost. */
  void kill(Pod pod) {
    pods.get(pod.getMetadata().getName()).kill();
  }

  /** What a pod has said so far. */
  String log(Pod pod) {
    return Optional.ofNullable(pods.get(pod.getMetadata().getName())).map(LocalPod::log).orElse("");
  }

  /** Waits until no pod runs. */
  void awaitNoProcess() {
    Awaiting.await(
        PATIENCE,
        () ->
            pods.values().stream()
                .flatMap(pod -> pod.processes().stream())
                .noneMatch(ProcessHandle::isAlive));
  }

  private final class Pods implements Watcher<Pod> {

    @Override
    public void eventReceived(Action action, Pod pod) {
      if (action == Action.ADDED && created.put(pod.getMetadata().getName(), pod) == null) {
        threads.execute(() -> run(pod));
      } else if (action == Action.DELETED) {
        // With others by their labels; of one that was deleted by its name the process has ended.
        end(pod.getMetadata().getName(), () -> {});
      }
    }

    @Override
    public void onClose(WatcherException cause) {
      if (!isClosed) {
        LOG.error("No pod will start any more", cause);
      }
    }
  }

  private void run(Pod pod) {
    try {
      String name = pod.getMetadata().getName();
      if (!pod.getSpec().getContainers().get(0).getImage().equals(imageName)) {
        say(
            pod,
            "Pending",
            "",
            new ContainerStateBuilder()
                .withNewWaiting(
                    "Back-off pulling image \""
                        + pod.getSpec().getContainers().get(0).getImage()
                        + "\"",
                    "ImagePullBackOff")
                .build());
        return;
      }
      LocalPod local =
          new LocalPod(
              pod,
              "127.0.0." + addresses.incrementAndGet(),
              image,
              Files.createDirectories(directory.resolve(name)));
      pods.put(name, local);
      Path hosts = directory.resolve("hosts");
      tellNames();
      if (!local.start(map -> configMap(pod, map), hosts)) {
        return;
      }
      tellNames();
      say(
          pod,
          "Running",
          local.address(),
          new ContainerStateBuilder().withNewRunning(now()).build());
      int code = local.await();
      say(pod, code == 0 ? "Succeeded" : "Failed", local.address(), ended(pod, code, local.log()));
    } catch (IOException | RuntimeException e) {
      LOG.error("{}", pod.getMetadata().getName(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static ContainerState ended(Pod pod, int code, String log) {
    boolean lastWords =
        code != 0
            && "FallbackToLogsOnError"
                .equals(pod.getSpec().getContainers().get(0).getTerminationMessagePolicy());
    return new ContainerStateBuilder()
        .withNewTerminated()
        .withExitCode(code)
        .withReason(code == 0 ? "Completed" : "Error")
        .withMessage(lastWords ? log.substring(Math.max(0, log.length() - LAST_WORDS)) : "")
        .withFinishedAt(now())
        .endTerminated()
        .build();
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private ConfigMap configMap(Pod pod, String name) {
    ConfigMap[] found = new ConfigMap[1];
    Awaiting.await(
        PATIENCE,
        () -> {
          found[0] =
              client
                  .configMaps()
                  .inNamespace(pod.getMetadata().getNamespace())
                  .withName(name)
                  .get();
          return found[0] != null;
        });
    return found[0];
  }

  private void say(Pod pod, String phase, String address, ContainerState state) {
    try {
      client
          .pods()
          .inNamespace(pod.getMetadata().getNamespace())
          .withName(pod.getMetadata().getName())
          .editStatus(
              now ->
                  new PodBuilder(now)
                      .withNewStatus()
                      .withPhase(phase)
                      .withPodIP(address)
                      .addNewContainerStatus()
                      .withName(pod.getSpec().getContainers().get(0).getName())
                      .withState(state)
                      .endContainerStatus()
                      .endStatus()
                      .build());
    } catch (KubernetesClientException e) {
      // Who was deleted has no status.
      LOG.debug("{}", pod.getMetadata().getName(), e);
    }
  }

  /** What the cluster's name service knows: its services, and the name that this machine has. */
  private synchronized void tellNames() throws IOException {
    StringBuilder names = new StringBuilder("127.0.0.1 localhost ");
    names.append(Files.readString(Path.of("/proc/sys/kernel/hostname")).strip()).append('\n');
    for (Service service : client.services().inAnyNamespace().list().getItems()) {
      String namespace = service.getMetadata().getNamespace();
      for (Pod pod :
          client
              .pods()
              .inNamespace(namespace)
              .withLabels(service.getSpec().getSelector())
              .list()
              .getItems()) {
        Optional.ofNullable(pods.get(pod.getMetadata().getName()))
            .ifPresent(
                local ->
                    names
                        .append(local.address())
                        .append(' ')
                        .append(service.getMetadata().getName())
                        .append('.')
                        .append(namespace)
                        .append(".svc\n"));
      }
    }
    Path part = Files.writeString(directory.resolve("hosts.part"), names);
    Files.move(
        part,
        directory.resolve("hosts"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private void end(String name, Runnable gone) {
    threads.execute(
        () -> {
          try {
            LocalPod local = pods.get(name);
            if (local != null) {
              local.end();
            }
            gone.run();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Override
  public void close() {
    isClosed = true;
    try {
      pods.values().forEach(LocalPod::kill);
      threads.shutdown();
      if (!threads.awaitTermination(20, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
      pods.values().forEach(LocalPod::kill);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      client.close();
      server.destroy();
    }
  }
}
