package io.stagecoach.it;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A pod as a process of this machine, with an address and a directory of its own. Its only
 * container runs the entry point of the image; there is no file system of its own, so wherever a
 * command, an environment variable or a file of settings names a path of the container, the path
 * here stands.
 */
final class LocalPod {

  /**
   * What a container of the image finds.
   *
   * @param files paths in it, and where they are here
   * @param entryPoint the command that it starts
   * @param environment its variables
   */
  record Image(Map<String, Path> files, Path entryPoint, Map<String, String> environment) {}

  private static final long DEFAULT_GRACE_SECONDS = 30;

  private final Pod pod;
  private final Container container;
  private final String address;
  private final Image image;
  private final Path directory;

  /** Longer paths first, so that what is within another one has its own place. */
  private final Map<String, String> paths =
      new TreeMap<>(
          Comparator.comparingInt((String path) -> -path.length())
              .thenComparing(Comparator.naturalOrder()));

  private Process process;
  private boolean isOver;

  LocalPod(Pod pod, String address, Image image, Path directory) {
    this.pod = pod;
    this.container = pod.getSpec().getContainers().get(0);
    this.address = address;
    this.image = image;
    this.directory = directory;
  }

  String address() {
    return address;
  }

  /** What it has said so far, on both streams. */
  String log() {
    try {
      Path log = directory.resolve("log");
      return Files.exists(log) ? Files.readString(log) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The processes that it has, or none. */
  synchronized List<ProcessHandle> processes() {
    if (process == null) {
      return List.of();
    }
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    return all;
  }

  /**
   * Starts its process.
   *
   * @param configMaps what a config map of this name has; waits for one that is not there yet
   * @param hosts the names that it knows, a file of lines as in {@code /etc/hosts}
   * @return whether it has been started: not if it is to be ended already
   */
  boolean start(Function<String, ConfigMap> configMaps, Path hosts) throws IOException {
    image.files().forEach((path, here) -> paths.put(path, here.toString()));
    for (VolumeMount mount : container.getVolumeMounts()) {
      paths.put(mount.getMountPath(), directory.resolve("volumes/" + mount.getName()).toString());
    }
    for (Volume volume : pod.getSpec().getVolumes()) {
      fill(volume, configMaps);
    }
    ProcessBuilder builder =
        builder(
                container.getCommand().isEmpty()
                    ? List.of(image.entryPoint().toString())
                    : container.getCommand(),
                container.getArgs())
            .redirectOutput(directory.resolve("log").toFile());
    builder.environment().put("JAVA_TOOL_OPTIONS", "-Djdk.net.hosts.file=" + hosts);
    synchronized (this) {
      if (isOver) {
        return false;
      }
      process = builder.start();
      return true;
    }
  }

  private void fill(Volume volume, Function<String, ConfigMap> configMaps) throws IOException {
    Path place = Files.createDirectories(directory.resolve("volumes/" + volume.getName()));
    if (volume.getConfigMap() == null) {
      return;
    }
    Map<String, String> texts = configMaps.apply(volume.getConfigMap().getName()).getData();
    List<KeyToPath> items = volume.getConfigMap().getItems();
    for (Map.Entry<String, String> text : texts.entrySet()) {
      String name =
          items.stream()
              .filter(item -> item.getKey().equals(text.getKey()))
              .map(KeyToPath::getPath)
              .findFirst()
              .orElse(text.getKey());
      Files.writeString(place.resolve(name), here(text.getValue()));
    }
  }

  private ProcessBuilder builder(List<String> command, List<String> arguments) throws IOException {
    List<String> words = new ArrayList<>();
    command.forEach(word -> words.add(here(word)));
    arguments.forEach(word -> words.add(here(word)));
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(Files.createDirectories(directory.resolve("work-dir")).toFile())
            .redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("PATH", System.getenv("PATH"));
    environment.put("TMPDIR", Files.createDirectories(directory.resolve("tmp")).toString());
    environment.putAll(MatrixKernels.environment());
    environment.putAll(image.environment());
    for (EnvVar variable : container.getEnv()) {
      environment.put(variable.getName(), here(value(variable)));
    }
    return builder;
  }

  private String value(EnvVar variable) {
    if (variable.getValueFrom() == null) {
      return variable.getValue() == null ? "" : variable.getValue();
    }
    String field = variable.getValueFrom().getFieldRef().getFieldPath();
    return switch (field) {
      case "status.podIP" -> address;
      case "metadata.name" -> pod.getMetadata().getName();
      default -> throw new IllegalArgumentException(field + " of a pod");
    };
  }

  private String here(String text) {
    String changed = text;
    for (Map.Entry<String, String> path : paths.entrySet()) {
      changed = changed.replace(path.getKey(), path.getValue());
    }
    return changed;
  }

  /** Waits until its process has ended, and says with which exit code. */
  int await() throws InterruptedException {
    return process.waitFor();
  }

  /**
   * Ends it as Kubernetes does: what is to be run before, the signal to terminate, and when its
   * grace period is over the one that nothing survives.
   */
  void end() throws IOException, InterruptedException {
    synchronized (this) {
      isOver = true;
      if (process == null) {
        return;
      }
    }
    Long given = pod.getSpec().getTerminationGracePeriodSeconds();
    long end =
        System.nanoTime() + TimeUnit.SECONDS.toNanos(given == null ? DEFAULT_GRACE_SECONDS : given);
    if (container.getLifecycle() != null && container.getLifecycle().getPreStop() != null) {
      Process hook =
          builder(container.getLifecycle().getPreStop().getExec().getCommand(), List.of())
              .redirectOutput(directory.resolve("preStop.log").toFile())
              .start();
      hook.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      hook.destroyForcibly();
    }
    process.destroy();
    process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    kill();
  }

  /** Ends it at once. */
  void kill() {
    processes().forEach(ProcessHandle::destroyForcibly);
  }
}
