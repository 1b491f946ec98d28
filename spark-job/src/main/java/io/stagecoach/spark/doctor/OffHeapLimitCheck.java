package io.stagecoach.spark.doctor;

import io.stagecoach.plan.Quantity;
import org.bytedeco.javacpp.Pointer;

/** How much ND4J may take beside the heap, and the process in all, before JavaCPP refuses. */
final class OffHeapLimitCheck implements ProcessCheck {

  static final String ARRAYS = "org.bytedeco.javacpp.maxbytes";
  static final String PROCESS = "org.bytedeco.javacpp.maxphysicalbytes";

  @Override
  public String name() {
    return "off-heap limit";
  }

  @Override
  public Finding look(Here here) {
    return judge(
        here,
        new Limits(
            Pointer.maxBytes(),
            Pointer.maxPhysicalBytes(),
            System.getProperty(ARRAYS) != null && System.getProperty(PROCESS) != null),
        Runtime.getRuntime().maxMemory());
  }

  /**
   * The limits in force.
   *
   * @param arrays of ND4J's arrays in bytes; 0 is none
   * @param process of the process's resident memory in bytes; 0 is none
   * @param isSet whether the settings say so, and not JavaCPP's own defaults
   */
  record Limits(long arrays, long process, boolean isSet) {}

  static Finding judge(Here here, Limits limits, long heap) {
    String found =
        "arrays "
            + words(limits.arrays())
            + ", process "
            + words(limits.process())
            + (here.needed() > 0
                ? (here.isDriver() ? "; the model needs " : "; the stages need ")
                    + Quantity.bytes(here.needed())
                : "");
    String remedy =
        "Set -D" + ARRAYS + " and -D" + PROCESS + " in spark." + here.role() + ".extraJavaOptions";
    if (isBelow(limits.arrays(), here.needed())
        || isBelow(limits.process(), here.needed() + heap)) {
      return new Finding.Trouble(
          found + (isBelow(limits.arrays(), here.needed()) ? "" : " beside the heap"),
          remedy + ": to what the model needs at least, and to the heap and that together.");
    }
    return limits.isSet()
        ? new Finding.Ok(found)
        : new Finding.Warn(
            found + ", by JavaCPP's defaults, which follow the heap",
            remedy + ", to what memoryOverhead allows.");
  }

  private static boolean isBelow(long limit, long needed) {
    return limit > 0 && limit < needed;
  }

  private static String words(long limit) {
    return limit > 0 ? Quantity.bytes(limit) : "no limit";
  }
}
