package io.stagecoach.spark.exchange;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The random secret of one run, which every process of it must know. It never crosses the network
 * that it guards: processes prove that they know it with a keyed hash over both sides' nonces.
 */
public final class JobSecret implements Serializable {

  private static final long serialVersionUID = 1L;
  private static final String ALGORITHM = "HmacSHA256";

  /** Bytes of a secret, and of a proof. */
  static final int LENGTH = 32;

  private final byte[] key;

  private JobSecret(byte[] key) {
    this.key = key;
  }

  /** A new secret, of 256 random bits. */
  public static JobSecret random() {
    byte[] key = new byte[LENGTH];
    new SecureRandom().nextBytes(key);
    return new JobSecret(key);
  }

  /** The secret of this text form. */
  public static JobSecret parse(String hex) {
    byte[] key = HexFormat.of().parseHex(hex);
    if (key.length != LENGTH) {
      throw new IllegalArgumentException("a secret has " + 2 * LENGTH + " hexadecimal digits");
    }
    return new JobSecret(key);
  }

  /** The text form, for a channel that is itself private to the application. Never log it. */
  public String reveal() {
    return HexFormat.of().formatHex(key);
  }

  byte[] prove(String role, ByteBuffer transcript) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      mac.update(role.getBytes(StandardCharsets.UTF_8));
      mac.update((byte) 0);
      mac.update(transcript.duplicate());
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  @Override
  public String toString() {
    return "JobSecret[hidden]";
  }
}
