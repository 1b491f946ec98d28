package io.stagecoach.spark.doctor;

/** The version of Java: Spark 3.5 and the job are built and tested on one only. */
final class JavaCheck implements ProcessCheck {

  private static final int NEEDED = 17;

  @Override
  public String name() {
    return "Java";
  }

  @Override
  public Finding look(Here here) {
    return judge(Runtime.version(), System.getProperty("java.vendor", ""));
  }

  static Finding judge(Runtime.Version version, String vendor) {
    String found = version + (vendor.isEmpty() ? "" : ", " + vendor);
    return version.feature() == NEEDED
        ? new Finding.Ok(found)
        : new Finding.Trouble(
            found,
            "Start driver and executors on Java 17: JAVA_HOME, spark.executorEnv.JAVA_HOME, on YARN"
                + " also spark.yarn.appMasterEnv.JAVA_HOME.");
  }
}
