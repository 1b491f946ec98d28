package io.stagecoach.spark.exchange;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/**
 * Bounds what Spark's frame decoder may gather, which for itself would take up to 2 GiB: what a
 * connection sends before it is admitted, in all; and after that, what comes without there being a
 * frame in it.
 */
final class AdmissionGuard extends ChannelInboundHandlerAdapter {

  private static final AttributeKey<AdmissionGuard> GUARD =
      AttributeKey.valueOf(AdmissionGuard.class, "guard");

  private final Strangers strangers;
  private boolean stranger;
  private boolean full;
  private long bytes;

  private AdmissionGuard(Strangers strangers) {
    this.strangers = strangers;
  }

  /** Watches a connection that somebody else opened; one too many is closed. */
  static void installCalled(Channel channel, RefusalLog refusals, Strangers strangers) {
    AdmissionGuard guard = new AdmissionGuard(strangers);
    guard.install(channel);
    guard.stranger = strangers.enter();
    if (!guard.stranger) {
      guard.full = true;
      refusals.count(
          host(channel.remoteAddress()),
          String.valueOf(channel.remoteAddress()),
          new RefusedException(
              Refusal.TOO_MANY, "more than " + Strangers.MOST + " connections without a hello"));
      var unused = channel.close();
      return;
    }
    channel.closeFuture().addListener(closed -> guard.noStranger());
  }

  /** Watches a connection that this process opened: one that is not watched yet. */
  static void installCaller(Channel channel) {
    if (of(channel) == null) {
      new AdmissionGuard(null).install(channel);
    }
  }

  private void install(Channel channel) {
    channel.pipeline().addFirst("stagecoachAdmission", this);
    channel.attr(GUARD).set(this);
  }

  /** The guard of this connection. */
  static AdmissionGuard of(Channel channel) {
    return channel.attr(GUARD).get();
  }

  /** A stranger's name in the log. */
  static String host(SocketAddress address) {
    return address instanceof InetSocketAddress socket
        ? socket.getAddress().getHostAddress()
        : String.valueOf(address);
  }

  /** The other side has proved who it is. */
  void admitted() {
    noStranger();
    bytes = 0;
  }

  /** A frame, or a part of its payload, was in what came. */
  void progress() {
    bytes = 0;
  }

  private void noStranger() {
    if (stranger) {
      stranger = false;
      strangers.leave();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object data) throws Exception {
    if (full) {
      ReferenceCountUtil.release(data);
      return;
    }
    bytes += data instanceof ByteBuf buffer ? buffer.readableBytes() : 0;
    if (stranger && bytes > Hello.MAX_BYTES_BEFORE) {
      ReferenceCountUtil.release(data);
      refuse(context, "more than a hello before it was admitted");
      return;
    }
    super.channelRead(context, data);
    // A frame in it has set this back.
    if (bytes > Hello.MAX_BYTES_BEFORE) {
      refuse(context, "a frame of Spark's that does not end");
    }
  }

  private void refuse(ChannelHandlerContext context, String what) {
    full = true;
    context.fireExceptionCaught(new RefusedException(Refusal.TOO_LARGE, what));
  }
}
