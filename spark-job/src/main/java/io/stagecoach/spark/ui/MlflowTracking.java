package io.stagecoach.spark.ui;

import io.stagecoach.report.StepRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.tracking.MlflowClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run of an MLflow server. A thread of its own talks to the server, with what has come together
 * in the meantime. After the first error there is a warning, and nothing more is sent.
 */
final class MlflowTracking implements RunTracking {

  private static final Logger LOG = LoggerFactory.getLogger(MlflowTracking.class);

  /** What waits while the server is slow; more is left out. */
  private static final int MOST_WAITING = 20_000;

  // The server's limits on one request.
  private static final int MOST_METRICS = 1000;
  private static final int MOST_PARAMS = 100;
  private static final int LONGEST_PARAM = 500;

  private static final Duration BETWEEN_REQUESTS = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final String server;
  private final String experiment;
  private final BlockingQueue<Metric> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
  private Thread sender;
  private volatile Ended ended;
  private volatile boolean broken;
  private long leftOut;

  private record Ended(End end, Map<String, String> tags) {}

  MlflowTracking(String server, String experiment) {
    this.server = server;
    this.experiment = experiment;
  }

  @Override
  public void begins(String name, Map<String, String> params, Map<String, String> tags) {
    long now = System.currentTimeMillis();
    sender = new Thread(() -> send(name, now, params, tags), "stagecoach-mlflow");
    sender.setDaemon(true);
    sender.start();
  }

  @Override
  public void stepEnded(StepRecord step) {
    add("loss", step.loss(), step.step());
    add("gradient_norm", step.globalNorm(), step.step());
    add("examples_per_second", step.examples() / (step.wallNanos() / 1e9), step.step());
    add("bubble", step.bubble(), step.step());
  }

  @Override
  public void validated(long step, Map<String, Double> measures) {
    measures.forEach((name, value) -> add("validation_" + name, value, step));
  }

  /** What is not finite has no place in a curve. */
  private void add(String name, double value, long step) {
    if (broken || !Double.isFinite(value)) {
      return;
    }
    Metric metric =
        Metric.newBuilder()
            .setKey(name)
            .setValue(value)
            .setStep(step)
            .setTimestamp(System.currentTimeMillis())
            .build();
    if (!waiting.offer(metric)) {
      leftOut++;
    }
  }

  @Override
  public void ends(End end, Map<String, String> tags) {
    ended = new Ended(end, Map.copyOf(tags));
  }

  private void send(String name, long began, Map<String, String> params, Map<String, String> tags) {
    try (MlflowClient client = new MlflowClient(server)) {
      String run = create(client, name, began, tags);
      List<Param> all = new ArrayList<>();
      params.forEach((key, value) -> all.add(param(key, value)));
      for (int i = 0; i < all.size(); i += MOST_PARAMS) {
        List<Param> some = all.subList(i, Math.min(all.size(), i + MOST_PARAMS));
        client.logBatch(run, List.of(), some, List.of());
      }
      boolean last;
      do {
        last = ended != null;
        List<Metric> some = next();
        if (!some.isEmpty()) {
          client.logBatch(run, some, List.of(), List.of());
        }
      } while (!last || !waiting.isEmpty());
      client.logBatch(run, List.of(), List.of(), tags(ended.tags()));
      client.setTerminated(run, status(ended.end()), System.currentTimeMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception | LinkageError e) {
      // The client throws what its HTTP client and its server make of a failure.
      broken = true;
      waiting.clear();
      LOG.warn("The run is not tracked any more by the MLflow server {}: {}", server, e.toString());
    }
  }

  private String create(MlflowClient client, String name, long began, Map<String, String> tags) {
    String id =
        client
            .getExperimentByName(experiment)
            .map(found -> found.getExperimentId())
            .orElseGet(() -> client.createExperiment(experiment));
    return client
        .createRun(
            CreateRun.newBuilder()
                .setExperimentId(id)
                .setRunName(name)
                .setStartTime(began)
                .addAllTags(tags(tags))
                .build())
        .getRunId();
  }

  /** What has come within some time, or until the run's end. */
  private List<Metric> next() throws InterruptedException {
    List<Metric> some = new ArrayList<>();
    long end = System.nanoTime() + BETWEEN_REQUESTS.toNanos();
    while (ended == null && some.size() < MOST_METRICS && System.nanoTime() < end) {
      Metric one = waiting.poll(50, TimeUnit.MILLISECONDS);
      if (one != null) {
        some.add(one);
      }
    }
    waiting.drainTo(some, MOST_METRICS - some.size());
    return some;
  }

  private static Param param(String key, String value) {
    String shown =
        value.length() > LONGEST_PARAM ? value.substring(0, LONGEST_PARAM - 1) + "…" : value;
    return Param.newBuilder().setKey(key).setValue(shown).build();
  }

  private static List<RunTag> tags(Map<String, String> tags) {
    return tags.entrySet().stream()
        .map(tag -> RunTag.newBuilder().setKey(tag.getKey()).setValue(tag.getValue()).build())
        .toList();
  }

  private static RunStatus status(End end) {
    return switch (end) {
      case FINISHED -> RunStatus.FINISHED;
      case FAILED -> RunStatus.FAILED;
      case KILLED -> RunStatus.KILLED;
    };
  }

  @Override
  public void close() {
    if (sender == null) {
      return;
    }
    try {
      sender.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (sender.isAlive()) {
      sender.interrupt();
      LOG.warn("The MLflow server {} does not answer; the run's end is not tracked", server);
    } else if (leftOut > 0 && !broken) {
      LOG.warn("The MLflow server {} was too slow for {} figures", server, leftOut);
    }
  }
}
