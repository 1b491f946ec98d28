package io.stagecoach.tensor;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An Arrow IPC stream in parts, the tensors' memory among them: it must be held until the last part
 * is out, and closed then, which closes the tensors.
 */
public final class EncodedTensors implements AutoCloseable {

  private final long length;
  private final List<ByteBuffer> parts;
  private final Narrowing narrowing;
  private final Runnable release;
  private final AtomicBoolean closed = new AtomicBoolean();

  EncodedTensors(long length, List<ByteBuffer> parts, Narrowing narrowing, Runnable release) {
    this.narrowing = narrowing;
    this.length = length;
    this.parts = List.copyOf(parts);
    this.release = release;
  }

  /** How many bytes all parts have. */
  public long length() {
    return length;
  }

  /** What became of values that were narrowed for the wire. */
  public Narrowing narrowing() {
    return narrowing;
  }

  /**
   * The parts, which concatenated are the stream; each below 2 GiB. Positions and limits are the
   * caller's to move: every call gives new ones over the same memory. Valid until {@link #close()}.
   */
  public List<ByteBuffer> parts() {
    if (closed.get()) {
      throw new IllegalStateException("the encoded tensors are closed");
    }
    return parts.stream().map(ByteBuffer::duplicate).toList();
  }

  /** Closes the tensors. A second time does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      release.run();
    }
  }
}
