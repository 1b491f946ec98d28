package io.stagecoach.spark.exchange;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * The four messages with which two processes prove to each other that they know the run's secret,
 * without saying it: hello (run, name, nonce), answer (name, nonce, proof), proof, welcome. A proof
 * is a keyed hash of the run, both nonces and both names.
 */
final class Hello {

  /** The bytes that a connection may carry before it is admitted, Spark's own hello included. */
  static final int MAX_BYTES_BEFORE = 64 << 10;

  private static final String CALLER = "caller";
  private static final String CALLED = "called";
  private static final byte HELLO = 1;
  private static final byte PROOF = 2;
  private static final int MAX_NAME_BYTES = 255;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final JobSecret secret;
  private final String peer;
  private final ByteBuffer transcript;
  private final byte[] ownNonce;

  private Hello(JobSecret secret, String peer, ByteBuffer transcript, byte[] ownNonce) {
    this.secret = secret;
    this.peer = peer;
    this.transcript = transcript;
    this.ownNonce = ownNonce;
  }

  /** The name that the other side gave. */
  String peer() {
    return peer;
  }

  /** What the caller says first. */
  static ByteBuffer hello(UUID run, String name, byte[] nonce) {
    byte[] text = name(name);
    return start(HELLO, run, 1 + text.length + nonce.length)
        .put((byte) text.length)
        .put(text)
        .put(nonce)
        .flip();
  }

  static byte[] nonce() {
    byte[] nonce = new byte[JobSecret.LENGTH];
    RANDOM.nextBytes(nonce);
    return nonce;
  }

  /** Whether this is a hello, rather than a proof. */
  static boolean isHello(ByteBuffer message) {
    return message.remaining() > 5 && message.get(message.position() + 5) == HELLO;
  }

  /** What the called side knows after the caller's hello. */
  static Hello heard(ByteBuffer hello, UUID run, String ownName, JobSecret secret) {
    try {
      checkStart(hello, HELLO, run);
      String caller = name(hello);
      byte[] callerNonce = nonce(hello);
      checkEnd(hello);
      byte[] nonce = nonce();
      return new Hello(secret, caller, transcript(run, callerNonce, nonce, caller, ownName), nonce);
    } catch (BufferUnderflowException e) {
      throw new RefusedException(Refusal.NOT_ADMITTED, "a hello that is cut off", e);
    }
  }

  /** What the called side answers to a hello. */
  ByteBuffer answer(String ownName) {
    byte[] text = name(ownName);
    byte[] proof = secret.prove(CALLED, transcript);
    return ByteBuffer.allocate(1 + text.length + ownNonce.length + proof.length)
        .put((byte) text.length)
        .put(text)
        .put(ownNonce)
        .put(proof)
        .flip();
  }

  /**
   * What the caller knows after the answer; refused if the called side does not know the secret.
   */
  static Hello answered(
      ByteBuffer answer, UUID run, String ownName, byte[] ownNonce, JobSecret secret) {
    try {
      String called = name(answer);
      byte[] calledNonce = nonce(answer);
      byte[] proof = nonce(answer);
      checkEnd(answer);
      Hello hello =
          new Hello(
              secret, called, transcript(run, ownNonce, calledNonce, ownName, called), ownNonce);
      hello.check(CALLED, proof);
      return hello;
    } catch (BufferUnderflowException e) {
      throw new RefusedException(Refusal.NOT_ADMITTED, "an answer that is cut off", e);
    }
  }

  /** What the caller says then. */
  ByteBuffer proof(UUID run) {
    byte[] proof = secret.prove(CALLER, transcript);
    return start(PROOF, run, proof.length).put(proof).flip();
  }

  /** Refuses a proof by who does not know the secret. */
  void checkProof(ByteBuffer message, UUID run) {
    try {
      checkStart(message, PROOF, run);
      byte[] proof = nonce(message);
      checkEnd(message);
      check(CALLER, proof);
    } catch (BufferUnderflowException e) {
      throw new RefusedException(Refusal.NOT_ADMITTED, "a proof that is cut off", e);
    }
  }

  private void check(String role, byte[] proof) {
    if (!MessageDigest.isEqual(secret.prove(role, transcript), proof)) {
      throw new RefusedException(
          Refusal.NOT_ADMITTED, "a proof by someone who does not know the run's secret");
    }
  }

  private static ByteBuffer transcript(
      UUID run, byte[] callerNonce, byte[] calledNonce, String caller, String called) {
    byte[] callerName = name(caller);
    byte[] calledName = name(called);
    return start(
            (byte) 0,
            run,
            2 + callerNonce.length + calledNonce.length + callerName.length + calledName.length)
        .put(callerNonce)
        .put(calledNonce)
        .put((byte) callerName.length)
        .put(callerName)
        .put((byte) calledName.length)
        .put(calledName)
        .flip();
  }

  private static ByteBuffer start(byte type, UUID run, int more) {
    return ByteBuffer.allocate(22 + more)
        .putInt(FrameHead.MAGIC)
        .put(FrameHead.VERSION)
        .put(type)
        .putLong(run.getMostSignificantBits())
        .putLong(run.getLeastSignificantBits());
  }

  private static void checkStart(ByteBuffer in, byte type, UUID run) {
    if (in.getInt() != FrameHead.MAGIC || in.get() != FrameHead.VERSION || in.get() != type) {
      throw new RefusedException(
          Refusal.NOT_ADMITTED, "something other than a hello of this version of Stagecoach");
    }
    if (!new UUID(in.getLong(), in.getLong()).equals(run)) {
      throw new RefusedException(Refusal.OTHER_RUN, "a hello of another run");
    }
  }

  private static void checkEnd(ByteBuffer in) {
    if (in.hasRemaining()) {
      throw new RefusedException(Refusal.NOT_ADMITTED, "a hello that is too long");
    }
  }

  private static byte[] name(String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    if (text.length == 0 || text.length > MAX_NAME_BYTES) {
      throw new IllegalArgumentException("a process's name of " + text.length + " bytes");
    }
    return text;
  }

  private static String name(ByteBuffer in) {
    byte[] text = new byte[Byte.toUnsignedInt(in.get())];
    if (text.length == 0) {
      throw new RefusedException(Refusal.NOT_ADMITTED, "a hello without a name");
    }
    in.get(text);
    return WireText.read(text, Refusal.NOT_ADMITTED);
  }

  private static byte[] nonce(ByteBuffer in) {
    byte[] nonce = new byte[JobSecret.LENGTH];
    in.get(nonce);
    return nonce;
  }
}
