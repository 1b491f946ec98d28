package io.stagecoach.spark.exchange;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Sits on the wire to an endpoint, passes on every byte both ways, and keeps them all. */
final class Tap implements AutoCloseable {

  private final ServerSocket server;
  private final PeerAddress behind;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private final ByteArrayOutputStream seen = new ByteArrayOutputStream();

  /** In front of an endpoint, on loopback. */
  Tap(Endpoint endpoint) throws IOException {
    this.behind = endpoint.address();
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  String host() {
    return server.getInetAddress().getHostAddress();
  }

  int port() {
    return server.getLocalPort();
  }

  /** All that has passed so far, in both directions, whichever came first. */
  byte[] seen() {
    synchronized (seen) {
      return seen.toByteArray();
    }
  }

  private void accept() throws IOException {
    while (true) {
      Socket near = server.accept();
      Socket far = new Socket(behind.host(), behind.port());
      open.add(near);
      open.add(far);
      start(() -> pass(near, far));
      start(() -> pass(far, near));
    }
  }

  private void pass(Socket near, Socket far) throws IOException {
    InputStream from = near.getInputStream();
    OutputStream to = far.getOutputStream();
    byte[] buffer = new byte[1 << 16];
    for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
      synchronized (seen) {
        seen.write(buffer, 0, read);
      }
      to.write(buffer, 0, read);
      to.flush();
    }
    // Who has closed its side is so known to have on the other.
    far.shutdownOutput();
  }

  /** What may end because a socket was closed. */
  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // The sockets were closed: it is over.
              }
            },
            "tap");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
