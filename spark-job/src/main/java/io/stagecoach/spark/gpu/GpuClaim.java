package io.stagecoach.spark.gpu;

import java.io.Serializable;

/**
 * What an executor's stages, or the whole model there, compute on, as the executor says it.
 *
 * @param address the GPU's address on its host; empty where the executor has none
 * @param name the GPU as ND4J sees it; empty where the stages compute on the CPU
 * @param remark why they compute on the CPU although GPUs were asked for; empty where they do not
 */
public record GpuClaim(String address, String name, String remark) implements Serializable {

  private static final GpuClaim UNASKED = new GpuClaim("", "", "");

  /** Nobody has asked for GPUs. */
  static GpuClaim unasked() {
    return UNASKED;
  }

  /** Whether anybody has asked for GPUs. */
  public boolean isAsked() {
    return !equals(UNASKED);
  }

  /** Whether the stages compute on the CPU where GPUs were asked for. */
  public boolean isFallback() {
    return !remark.isEmpty();
  }

  /** Whether the stages compute on a GPU. */
  public boolean isGpu() {
    return !name.isEmpty();
  }

  /** What a person reads of it; empty where nobody has asked for GPUs. */
  public String words() {
    if (!isAsked()) {
      return "";
    }
    String gpu = address.isEmpty() ? "" : "GPU " + address;
    if (isFallback()) {
      return (gpu.isEmpty() ? "" : gpu + ", but on the ") + "CPU (" + remark + ")";
    }
    return gpu + " (" + name + ")";
  }
}
