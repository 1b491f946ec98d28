package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Bounds what a connection may send before it is admitted: Spark's frame decoder would gather up to
 * 2 GiB for a stranger. It leaves the pipeline when the connection is admitted.
 */
final class AdmissionGuard extends ChannelInboundHandlerAdapter {

  private static final String NAME = "stagecoachAdmission";

  private final RefusalLog refusals;
  private long bytes;

  private AdmissionGuard(RefusalLog refusals) {
    this.refusals = refusals;
  }

  static void install(Channel channel, RefusalLog refusals) {
    channel.pipeline().addFirst(NAME, new AdmissionGuard(refusals));
  }

  static void remove(Channel channel) {
    if (channel.pipeline().get(NAME) != null) {
      channel.pipeline().remove(NAME);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object data) throws Exception {
    if (bytes > Hello.MAX_BYTES_BEFORE) {
      ReferenceCountUtil.release(data);
      return;
    }
    bytes += data instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
    if (bytes > Hello.MAX_BYTES_BEFORE) {
      ReferenceCountUtil.release(data);
      refusals.count(
          String.valueOf(context.channel().remoteAddress()),
          new RefusedException(Refusal.TOO_LARGE, "more than a hello before it was admitted"));
      var unused = context.close();
      return;
    }
    super.channelRead(context, data);
  }
}
