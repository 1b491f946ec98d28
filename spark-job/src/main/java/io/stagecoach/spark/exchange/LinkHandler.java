package io.stagecoach.spark.exchange;

import io.netty.channel.Channel;
import io.netty.util.AttributeKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;

/** What Spark's transport calls: finds the connection's link. */
final class LinkHandler extends RpcHandler {

  private static final AttributeKey<Link> LINK = AttributeKey.valueOf(LinkHandler.class, "link");

  private final Function<TransportClient, Link> newLink;
  private final StreamManager noStreams = new OneForOneStreamManager();

  LinkHandler(Function<TransportClient, Link> newLink) {
    this.newLink = newLink;
  }

  /** The connection's link; call it on the connection's own thread. */
  Link link(TransportClient client) {
    Channel channel = client.getChannel();
    Link link = channel.attr(LINK).get();
    if (link == null) {
      link = newLink.apply(client);
      channel.attr(LINK).set(link);
    }
    return link;
  }

  @Override
  public void channelActive(TransportClient client) {
    link(client);
  }

  @Override
  public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback reply) {
    link(client).called(message, reply);
  }

  @Override
  public void receive(TransportClient client, ByteBuffer message) {
    link(client).arrived(message);
  }

  @Override
  public void exceptionCaught(Throwable cause, TransportClient client) {
    if (cause instanceof IOException) {
      link(client).fail(cause);
    } else if (cause instanceof OutOfMemoryError) {
      link(client).refuse(cause);
    } else {
      link(client)
          .refuse(
              new RefusedException(
                  Refusal.MALFORMED, "what Spark's transport cannot read: " + cause, cause));
    }
  }

  @Override
  public void channelInactive(TransportClient client) {
    link(client).inactive();
  }

  @Override
  public StreamManager getStreamManager() {
    return noStreams;
  }
}
