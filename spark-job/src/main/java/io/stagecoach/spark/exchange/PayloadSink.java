package io.stagecoach.spark.exchange;

import java.nio.ByteBuffer;

/** Takes the payload of one frame, on the transport's thread. Ends with one of the last two. */
interface PayloadSink {

  /** Takes nothing. */
  PayloadSink NOWHERE =
      new PayloadSink() {
        @Override
        public void put(long offset, ByteBuffer chunk) {}

        @Override
        public void complete() {}

        @Override
        public void abort() {}
      };

  /** The next bytes, which are valid during this call only. */
  void put(long offset, ByteBuffer chunk);

  /** All bytes have come. */
  void complete();

  /** The connection ended before. */
  void abort();
}
