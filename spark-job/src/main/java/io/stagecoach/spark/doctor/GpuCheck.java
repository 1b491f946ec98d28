package io.stagecoach.spark.doctor;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.nd4j.linalg.factory.Nd4j;

/** GPUs, their free memory and driver, against what the settings ask for. */
final class GpuCheck implements ProcessCheck {

  private static final String CPU_BACKEND = "CpuBackend";

  @Override
  public String name() {
    return "GPUs";
  }

  @Override
  public Finding look(Here here) {
    return judge(
        here,
        NvidiaSmi.ask("nvidia-smi", Duration.ofSeconds(5)),
        Nd4j.getBackend().getClass().getSimpleName());
  }

  /**
   * @param gpus what nvidia-smi says; none where it is not there
   * @param backend ND4J's
   */
  static Finding judge(Here here, Optional<List<String>> gpus, String backend) {
    List<String> there = gpus.orElse(List.of());
    if (!here.isDriver() && asksForGpus(here.settings())) {
      if (there.isEmpty()) {
        return new Finding.Trouble(
            gpus.isEmpty() ? "none, and no nvidia-smi" : "none",
            "The settings ask for GPUs (spark.executor.resource.gpu.amount,"
                + " spark.task.resource.gpu.amount): install NVIDIA's driver where executors run, or"
                + " take the settings out.");
      }
      if (backend.equals(CPU_BACKEND)) {
        return new Finding.Warn(
            String.join("; ", there) + ", but ND4J's backend is the CPU's",
            "Take the settings that ask for GPUs out: the job has the CPU backend only.");
      }
    }
    return new Finding.Ok(
        there.isEmpty()
            ? "none, CPU"
            : String.join("; ", there)
                + (backend.equals(CPU_BACKEND) ? ", not used: the backend is the CPU's" : ""));
  }

  private static boolean asksForGpus(SparkConf settings) {
    return isMore(settings.get("spark.executor.resource.gpu.amount", "0"))
        || isMore(settings.get("spark.task.resource.gpu.amount", "0"));
  }

  private static boolean isMore(String amount) {
    return amount.matches(".*[1-9].*");
  }
}
