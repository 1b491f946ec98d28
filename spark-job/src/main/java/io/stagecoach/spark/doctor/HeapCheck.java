package io.stagecoach.spark.doctor;

import io.stagecoach.plan.Quantity;

/** The Java heap: arrays are beside it, but data that is prepared or cached is on it. */
final class HeapCheck implements ProcessCheck {

  /**
   * A stage caches up to 256 MiB of the batch store on the heap; Spark keeps 300 MiB for itself.
   */
  private static final long LEAST = 600L << 20;

  @Override
  public String name() {
    return "heap";
  }

  @Override
  public Finding look(Here here) {
    return judge(Runtime.getRuntime().maxMemory(), here.role());
  }

  static Finding judge(long heap, String role) {
    String found = Quantity.bytes(heap);
    return heap < LEAST
        ? new Finding.Warn(
            found,
            "Set spark."
                + role
                + ".memory=1g: Spark keeps 300 MiB for itself, and a stage caches up to 256 MiB of"
                + " the batch store.")
        : new Finding.Ok(found);
  }
}
