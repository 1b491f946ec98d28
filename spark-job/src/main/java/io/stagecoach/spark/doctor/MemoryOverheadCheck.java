package io.stagecoach.spark.doctor;

import io.stagecoach.plan.Quantity;
import org.apache.spark.SparkConf;

/** What the cluster grants an executor beside its heap, against what it takes there. */
final class MemoryOverheadCheck implements ApplicationCheck {

  @Override
  public String name() {
    return "memory overhead";
  }

  @Override
  public String where() {
    return "executors";
  }

  @Override
  public Finding look(Application application) {
    return judge(
        application.given(), application.model(), SettingsAdvice.beside(application.executors()));
  }

  /**
   * @param beside what an executor takes beside the heap without a stage, in bytes
   */
  static Finding judge(SparkConf given, ModelNeed model, long beside) {
    long granted = MemorySettings.overhead(given, "executor");
    long needed = beside + model.executorBytes();
    String found =
        Quantity.bytes(granted)
            + (MemorySettings.isOverheadSet(given, "executor") ? "" : " by default")
            + "; taken without a stage "
            + Quantity.bytes(beside)
            + (model.isKnown()
                ? ", needed by the stages " + Quantity.bytes(model.executorBytes())
                : "");
    if (granted >= needed) {
      return new Finding.Ok(found);
    }
    String remedy =
        "Set spark.executor.memoryOverhead="
            + MemorySettings.mebibytes(MemorySettings.roomFor(model.executorBytes()) + beside)
            + ".";
    // Elsewhere nobody ends an executor that takes more than it was granted.
    return isEnforced(given.get("spark.master", ""))
        ? new Finding.Trouble(found, remedy)
        : new Finding.Warn(found, remedy);
  }

  private static boolean isEnforced(String master) {
    return master.startsWith("yarn") || master.startsWith("k8s");
  }
}
