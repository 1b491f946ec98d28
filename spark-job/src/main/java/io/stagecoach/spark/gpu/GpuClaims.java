package io.stagecoach.spark.gpu;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.spark.config.Settings;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** Finds out, on an executor that is to host stages, what these compute on. */
public final class GpuClaims {

  private GpuClaims() {}

  /**
   * What the stages of this executor compute on. Where nobody has asked for GPUs, ND4J is not
   * loaded for it.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER} where GPUs were asked for, and
   *     the stages would compute elsewhere than they should
   */
  public static GpuClaim here() {
    return of(
        GpuSettings.of(SparkEnv.get().conf()),
        ChosenGpu.here(),
        ofTask(TaskContext.get()),
        Backend::loaded);
  }

  /** The GPUs in use by this executor and their memory; empty where it computes on the CPU. */
  public static Optional<String> memory() {
    if (!(ChosenGpu.here() instanceof ExecutorGpu.Taken taken)) {
      return Optional.empty();
    }
    List<Device> devices = Backend.loaded().devices();
    return devices.isEmpty()
        ? Optional.empty()
        : Optional.of("GPU " + taken.address() + " (" + devices.get(0).words() + ")");
  }

  /** The memory of the GPU in use by this executor, in bytes; empty on the CPU. */
  public static OptionalLong totalMemory() {
    return ChosenGpu.here() instanceof ExecutorGpu.Taken
        ? Backend.loaded().devices().stream().mapToLong(Device::totalBytes).findFirst()
        : OptionalLong.empty();
  }

  private static List<String> ofTask(TaskContext task) {
    ResourceInformation gpus = task == null ? null : task.resourcesJMap().get(GpuSettings.RESOURCE);
    return gpus == null ? List.of() : List.of(gpus.addresses());
  }

  /**
   * @param gpu what became of the search when the executor started
   * @param ofTask the addresses that Spark gave to the task
   * @param backend loads ND4J
   */
  static GpuClaim of(
      GpuSettings settings, ExecutorGpu gpu, List<String> ofTask, Supplier<Backend> backend) {
    if (!settings.wanted()) {
      return GpuClaim.unasked();
    }
    if (gpu instanceof ExecutorGpu.NotLookedFor) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "GPUs are asked for, but no executor has looked which one is its own before ND4J started",
          "A program that makes its own session sets spark.plugins="
              + GpuPlugin.class.getName()
              + " for it.");
    } else if (gpu instanceof ExecutorGpu.Failed failed) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "The executor's GPU could not be chosen: " + failed.why(),
          failed.remedy());
    } else if (gpu instanceof ExecutorGpu.None none) {
      return onCpu(settings, "", none.why());
    }
    String address = ((ExecutorGpu.Taken) gpu).address();
    if (!ofTask.isEmpty() && !ofTask.equals(List.of(address))) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "Spark gave the stage's task GPU "
              + String.join(", ", ofTask)
              + ", but its executor had started with GPU "
              + address,
          "Look whether the discovery script gives each executor one address, always the same.");
    }
    return onGpu(settings, address, backend.get());
  }

  private static GpuClaim onGpu(GpuSettings settings, String address, Backend backend) {
    if (backend.isCpu()) {
      return onCpu(settings, address, "ND4J has loaded its CPU backend");
    }
    if (backend.devices().size() != 1) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "ND4J computes on "
              + backend.devices().size()
              + " devices, and not on GPU "
              + address
              + " alone: it was there before that was chosen",
          "Let no other plugin of Spark, and no agent, use ND4J or CUDA in the executor before.");
    }
    Device device = backend.devices().get(0);
    if (!device.isServed()) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          "ND4J's CUDA backend has no code for GPU "
              + address
              + ", a "
              + device.name()
              + " of compute capability "
              + device.capability(),
          Where.nowhere(),
          "It serves capabilities 3.7 to 8.9 (such as V100, T4, A100, A10, L4), and neither Hopper"
              + " (H100) nor later ones: take other devices, or the CPU.",
          null);
    }
    return new GpuClaim(address, device.words(), "");
  }

  private static GpuClaim onCpu(GpuSettings settings, String address, String why) {
    if (!settings.cpuFallback()) {
      throw new StagecoachException(
          ErrorKind.CLUSTER,
          (address.isEmpty()
                  ? "The executor has no GPU"
                  : "The executor has GPU " + address + ", but would compute on the CPU")
              + ": "
              + why,
          address.isEmpty()
              ? "Give every executor a GPU, or let those without compute on the CPU: "
                  + Settings.GPU_CPU_FALLBACK.key()
                  + "=true."
              : "Take the jar that is built with -Pcuda, and see that CUDA 11.6 is"
                  + " on the executors (ND4J's reason is in their logs); take the settings that ask"
                  + " for GPUs out; or allow it: "
                  + Settings.GPU_CPU_FALLBACK.key()
                  + "=true.");
    }
    return new GpuClaim(address, "", why);
  }
}
