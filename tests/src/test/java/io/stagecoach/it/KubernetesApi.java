package io.stagecoach.it;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.Headers;
import okhttp3.mockwebserver.MockResponse;
import okhttp3.mockwebserver.RecordedRequest;
import okio.Buffer;

/**
 * The API of Kubernetes as far as Spark and its tests have need of it: what fabric8's mock of an
 * API server keeps, with what a real one does beyond that. A new pod is pending; what is applied is
 * made or changed; and a pod that is to be deleted is there until its process has ended.
 */
final class KubernetesApi extends KubernetesCrudDispatcher {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern POD = Pattern.compile("/api/v1/namespaces/[^/]+/pods/([^/?]+).*");

  private final BiConsumer<String, Runnable> ending;

  /**
   * @param ending is told of the name of each pod that is to be deleted, and runs what it is given
   *     when the pod's process has ended
   */
  KubernetesApi(BiConsumer<String, Runnable> ending) {
    super(List.of());
    this.ending = ending;
  }

  @Override
  public MockResponse handleCreate(RecordedRequest request) {
    if (!path(request).endsWith("/pods")) {
      return super.handleCreate(request);
    }
    try {
      ObjectNode pod = (ObjectNode) JSON.readTree(body(request));
      pod.putObject("status").put("phase", "Pending");
      return super.handleCreate(
          changed(request, "POST", path(request), "application/json", pod.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public MockResponse handlePatch(RecordedRequest request) {
    String type = String.valueOf(request.getHeader("Content-Type"));
    if (!type.contains("apply-patch")) {
      return super.handlePatch(request);
    }
    String path = path(request);
    boolean isThere = handleGet(path).getStatus().contains(" 200 ");
    return isThere
        ? super.handlePatch(
            changed(request, "PATCH", path, "application/merge-patch+json", body(request)))
        : super.handleCreate(
            changed(
                request,
                "POST",
                path.substring(0, path.lastIndexOf('/')),
                "application/json",
                body(request)));
  }

  @Override
  public MockResponse handleDelete(String path) {
    Matcher pod = POD.matcher(path);
    if (!pod.matches()) {
      return super.handleDelete(path);
    }
    ending.accept(pod.group(1), () -> super.handleDelete(path));
    return new MockResponse().setResponseCode(200).setBody("{}");
  }

  private static String path(RecordedRequest request) {
    return request.getPath().replaceFirst("\\?.*", "");
  }

  private static String body(RecordedRequest request) {
    return request.getBody().clone().readUtf8();
  }

  /** A request like another one. */
  private static RecordedRequest changed(
      RecordedRequest request, String method, String path, String type, String body) {
    Buffer text = new Buffer().writeUtf8(body);
    Headers headers =
        request
            .getHeaders()
            .newBuilder()
            .set("Content-Length", String.valueOf(text.size()))
            .set("Content-Type", type)
            .build();
    return new RecordedRequest(
        method + " " + path + " HTTP/1.1",
        headers,
        List.of(),
        text.size(),
        text,
        request.getSequenceNumber(),
        new Socket());
  }
}
