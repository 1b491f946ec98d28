package io.stagecoach.spark.ui;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.stagecoach.report.StepRecord;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** What a server hears of a run, and that no server can hold a run up. */
class MlflowTrackingTest {

  private static final String API = "/api/2.0/mlflow/";

  private HttpServer server;
  private final Map<String, List<JsonNode>> heard = Collections.synchronizedMap(new HashMap<>());
  private boolean knowsTheExperiment;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext(API, this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String call = exchange.getRequestURI().getPath().substring(API.length());
    byte[] body = exchange.getRequestBody().readAllBytes();
    heard
        .computeIfAbsent(call, name -> Collections.synchronizedList(new ArrayList<>()))
        .add(
            new ObjectMapper()
                .readTree(body.length == 0 ? "{}".getBytes(StandardCharsets.UTF_8) : body));
    int status = 200;
    String text = "{}";
    switch (call) {
      case "experiments/get-by-name" -> {
        status = knowsTheExperiment ? 200 : 404;
        text =
            knowsTheExperiment
                ? "{\"experiment\": {\"experiment_id\": \"5\"}}"
                : "{\"error_code\": \"RESOURCE_DOES_NOT_EXIST\", \"message\": \"none\"}";
      }
      case "experiments/create" -> text = "{\"experiment_id\": \"5\"}";
      case "runs/create" -> text = "{\"run\": {\"info\": {\"run_id\": \"r1\"}}}";
      default -> {}
    }
    byte[] answer = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  private String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static StepRecord step(long step, double loss) {
    return new StepRecord(step, loss, 2, false, 64, 1_000_000_000, 0, 0, 0, List.of());
  }

  private static void track(String uri, RunTracking.End end) {
    try (RunTracking tracking = RunTracking.of(Optional.of(uri), "churn")) {
      tracking.begins(
          "a run", Map.of("stages", "2", "data.path", "x".repeat(900)), Map.of("snapshot", "17"));
      for (int i = 0; i < 600; i++) {
        tracking.stepEnded(step(i, i == 3 ? Double.NaN : 1.0 / (i + 1)));
      }
      tracking.validated(600, Map.of("accuracy", 0.8));
      tracking.ends(end, Map.of("model", "hdfs:///m"));
    }
  }

  @Test
  void aServerHasParametersFiguresTagsAndTheEnd() {
    track(uri(), RunTracking.End.FINISHED);

    JsonNode created = heard.get("runs/create").get(0);
    assertThat(created.get("experiment_id").asText()).isEqualTo("5");
    assertThat(created.get("run_name").asText()).isEqualTo("a run");
    assertThat(created.get("tags").get(0).get("value").asText()).isEqualTo("17");
    assertThat(heard).containsKey("experiments/create");
    Map<String, String> params = new HashMap<>();
    Map<String, Integer> counts = new HashMap<>();
    Map<String, String> tags = new HashMap<>();
    double[] last = new double[1];
    for (JsonNode batch : heard.get("runs/log-batch")) {
      assertThat(batch.get("run_id").asText()).isEqualTo("r1");
      batch
          .path("params")
          .forEach(param -> params.put(param.get("key").asText(), param.get("value").asText()));
      batch.path("tags").forEach(t -> tags.put(t.get("key").asText(), t.get("value").asText()));
      assertThat(batch.path("metrics").size()).isLessThanOrEqualTo(1000);
      batch
          .path("metrics")
          .forEach(
              metric -> {
                counts.merge(metric.get("key").asText(), 1, Integer::sum);
                if (metric.get("key").asText().equals("loss")) {
                  last[0] = metric.get("value").asDouble();
                }
              });
    }
    assertThat(params).containsEntry("stages", "2").containsOnlyKeys("stages", "data.path");
    assertThat(params.get("data.path")).hasSize(500);
    assertThat(counts)
        .containsEntry("loss", 599)
        .containsEntry("gradient_norm", 600)
        .containsEntry("examples_per_second", 600)
        .containsEntry("validation_accuracy", 1);
    assertThat(last[0]).isEqualTo(1.0 / 600);
    assertThat(tags).containsEntry("model", "hdfs:///m");
    assertThat(heard.get("runs/update").get(0).get("status").asText()).isEqualTo("FINISHED");
  }

  @Test
  void anExperimentThatIsThereIsUsed() {
    knowsTheExperiment = true;
    track(uri(), RunTracking.End.KILLED);
    assertThat(heard).doesNotContainKey("experiments/create");
    assertThat(heard.get("runs/update").get(0).get("status").asText()).isEqualTo("KILLED");
  }

  @Test
  void nobodyWaitsForAServerThatIsNotThere() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    long start = System.nanoTime();
    track("http://127.0.0.1:" + port, RunTracking.End.FAILED);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(9));
    assertThat(heard).isEmpty();
  }

  /** It accepts and never answers: steps do not wait, and the end only a little. */
  @Test
  void aServerThatHangsHoldsNobodyUp() throws IOException {
    CountDownLatch never = new CountDownLatch(1);
    server.removeContext(API);
    server.createContext(
        API,
        exchange -> {
          try {
            never.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    RunTracking tracking = RunTracking.of(Optional.of(uri()), "churn");
    long start = System.nanoTime();
    tracking.begins("a run", Map.of(), Map.of());
    for (int i = 0; i < 30_000; i++) {
      tracking.stepEnded(step(i, 1));
    }
    tracking.ends(RunTracking.End.FINISHED, Map.of());
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    never.countDown();
    tracking.close();
  }
}
