package io.stagecoach.spark.doctor;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.spark.gpu.GpuClaim;
import io.stagecoach.spark.gpu.GpuClaims;
import io.stagecoach.spark.gpu.GpuSettings;
import io.stagecoach.spark.gpu.NvidiaSmi;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.nd4j.linalg.factory.Nd4j;

/** GPUs, their memory and driver, against what the settings ask for. */
final class GpuCheck implements ProcessCheck {

  @Override
  public String name() {
    return "GPUs";
  }

  @Override
  public Finding look(Here here) {
    return judge(
        here,
        NvidiaSmi.ask(Duration.ofSeconds(5)),
        GpuClaims::here,
        () -> Nd4j.getEnvironment().isCPU());
  }

  /**
   * @param gpus what nvidia-smi says; none where it is not there
   * @param claim what stages here would compute on, where GPUs are asked for
   * @param cpuBackend whether ND4J's backend is the CPU's
   */
  static Finding judge(
      Here here,
      Optional<List<String>> gpus,
      Supplier<GpuClaim> claim,
      Supplier<Boolean> cpuBackend) {
    List<String> there = gpus.orElse(List.of());
    String listed = there.isEmpty() ? "" : "; nvidia-smi: " + String.join("; ", there);
    if (!here.isDriver() && GpuSettings.of(here.settings()).wanted()) {
      try {
        GpuClaim claimed = claim.get();
        return claimed.isFallback()
            ? new Finding.Warn(
                claimed.words() + listed,
                "As spark.stagecoach.gpu.cpuFallback allows; without it a run would end.")
            : new Finding.Ok(claimed.words() + listed);
      } catch (StagecoachException e) {
        return new Finding.Trouble(e.what() + listed, e.remedy());
      }
    }
    return new Finding.Ok(
        there.isEmpty()
            ? "none, CPU"
            : String.join("; ", there)
                + (cpuBackend.get() ? ", not used: the backend is the CPU's" : ""));
  }
}
