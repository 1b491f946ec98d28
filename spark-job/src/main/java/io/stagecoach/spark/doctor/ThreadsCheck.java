package io.stagecoach.spark.doctor;

import java.util.Optional;
import org.nd4j.linalg.factory.Nd4j;

/** How many threads compute, against the cores that there are for them. */
final class ThreadsCheck implements ProcessCheck {

  private static final String VARIABLE = "OMP_NUM_THREADS";

  @Override
  public String name() {
    return "threads";
  }

  @Override
  public Finding look(Here here) {
    return judge(
        here,
        Optional.ofNullable(System.getenv(VARIABLE)),
        Nd4j.factory().blas().getMaxThreads(),
        Runtime.getRuntime().availableProcessors());
  }

  /**
   * @param variable what OMP_NUM_THREADS says
   * @param blas how many threads multiply matrices
   * @param processors how many the machine, or the container, has
   */
  static Finding judge(Here here, Optional<String> variable, int blas, int processors) {
    int cores = here.settings().getInt("spark.executor.cores", 1);
    int taskCpus = here.settings().getInt("spark.task.cpus", 1);
    String found =
        "BLAS "
            + blas
            + ", "
            + VARIABLE
            + " "
            + variable.orElse("not set")
            + (here.isDriver()
                ? ""
                : ", spark.executor.cores " + cores + ", spark.task.cpus " + taskCpus)
            + ", processors "
            + processors;
    int wanted = here.isDriver() ? processors : here.threads() > 0 ? here.threads() : cores;
    String remedy =
        here.isDriver()
            ? "Set " + VARIABLE + " to the driver's cores before it starts."
            : "Set spark.executorEnv."
                + VARIABLE
                + "="
                + Math.min(wanted, processors)
                + ", and spark.executor.cores to as many.";
    int threads = Math.max(blas, variable.flatMap(ThreadsCheck::number).orElse(0));
    if (threads > processors || (!here.isDriver() && threads > wanted)) {
      return new Finding.Warn(found + ": more threads than cores are several times slower", remedy);
    }
    return !here.isDriver() && threads < wanted
        ? new Finding.Warn(found + ": cores stay idle", remedy)
        : new Finding.Ok(found);
  }

  private static Optional<Integer> number(String text) {
    return text.strip().matches("\\d{1,6}")
        ? Optional.of(Integer.valueOf(text.strip()))
        : Optional.empty();
  }
}
