package io.stagecoach.spark.exchange;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.io.IOException;
import org.apache.spark.network.server.TransportChannelHandler;

/**
 * Takes what goes wrong on a connection before Spark's own handler does, which would log every
 * stranger's noise with its stack trace.
 */
final class FaultHandler extends ChannelInboundHandlerAdapter {

  private final Link link;

  private FaultHandler(Link link) {
    this.link = link;
  }

  static void install(Channel channel, Link link) {
    ChannelPipeline pipeline = channel.pipeline();
    ChannelHandlerContext sparks = pipeline.context(TransportChannelHandler.class);
    // A connection that has ended already has no handlers.
    if (sparks != null) {
      pipeline.addBefore(sparks.name(), "stagecoachFaults", new FaultHandler(link));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    hear(link, cause);
  }

  /** The connection ends for this cause. */
  static void hear(Link link, Throwable cause) {
    if (cause instanceof RefusedException || cause instanceof OutOfMemoryError) {
      link.refuse(cause);
    } else if (cause instanceof IOException) {
      link.fail(cause);
    } else {
      link.refuse(
          new RefusedException(
              Refusal.MALFORMED, "what Spark's transport cannot read: " + cause, cause));
    }
  }
}
