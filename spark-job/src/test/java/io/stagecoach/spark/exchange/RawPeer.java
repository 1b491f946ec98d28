package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.zip.CRC32C;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.apache.spark.network.util.MapConfigProvider;
import org.apache.spark.network.util.TransportConf;

/** A stranger, or a peer that has lost its mind: speaks Spark's transport and says anything. */
final class RawPeer implements AutoCloseable {

  private final Network network;
  private final TransportClientFactory clients;
  private final TransportClient client;
  private long frames;

  RawPeer(Network network, Endpoint endpoint) throws Exception {
    this.network = network;
    TransportConf conf =
        new TransportConf("raw", new MapConfigProvider(Map.of("spark.raw.io.clientThreads", "1")));
    clients = new TransportContext(conf, new NoOpRpcHandler()).createClientFactory();
    client = clients.createUnmanagedClient(endpoint.host(), endpoint.port());
  }

  /** Says hello and proves that it knows this secret; the reply to the proof. */
  ByteBuffer introduce(String name, JobSecret secret) {
    byte[] nonce = Hello.nonce();
    ByteBuffer answer = ask(Hello.hello(network.run, name, nonce));
    // What the endpoint proves with its own secret is not this side's concern.
    ByteBuffer checked = answer.duplicate();
    try {
      return ask(
          Hello.answered(answer, network.run, name, nonce, network.secret).proof(network.run));
    } catch (RefusedException e) {
      throw new AssertionError("the endpoint answered " + checked, e);
    }
  }

  ByteBuffer ask(ByteBuffer message) {
    return client.sendRpcSync(message, Network.PATIENCE.toMillis());
  }

  /** A frame with the next number. */
  void send(Frame frame, long payload) {
    send(new FrameHead(network.run, frames++, payload, frame));
  }

  void send(FrameHead head) {
    send(bytes(head));
  }

  void send(ByteBuffer message) {
    client.send(message);
  }

  static ByteBuffer bytes(FrameHead head) {
    ByteBuf buffer = Unpooled.buffer();
    head.write(buffer);
    return buffer.nioBuffer();
  }

  /** Bytes outside of any of Spark's frames. */
  void sendPayload(int bytes) {
    sendRaw(new byte[bytes]);
  }

  /** Bytes outside of any of Spark's frames, with the checksum that belongs behind them. */
  void sendSummed(byte[] bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    sendRaw(bytes);
    sendRaw(ByteBuffer.allocate(4).putInt((int) checksum.getValue()).array());
  }

  void sendRaw(byte[] bytes) {
    client.getChannel().writeAndFlush(Unpooled.wrappedBuffer(bytes)).syncUninterruptibly();
  }

  boolean isConnected() {
    return client.getChannel().isActive();
  }

  /** Bytes to who may have closed the connection already. */
  void trySendRaw(byte[] bytes) {
    var unused =
        client.getChannel().writeAndFlush(Unpooled.wrappedBuffer(bytes)).awaitUninterruptibly();
  }

  /** A head whose last bytes are made the checksum of the others. */
  static ByteBuffer summed(ByteBuffer head) {
    int end = head.remaining() - 4;
    CRC32C checksum = new CRC32C();
    checksum.update(head.slice(0, end));
    return head.putInt(end, (int) checksum.getValue());
  }

  /** Waits until the endpoint has closed the connection. */
  void awaitSentAway() {
    if (!client.getChannel().closeFuture().awaitUninterruptibly(Network.PATIENCE.toMillis())) {
      throw new AssertionError("the endpoint kept the connection");
    }
  }

  @Override
  public void close() {
    client.close();
    clients.close();
  }
}
