package io.stagecoach.spark.doctor;

/** Whether every stage has an executor. */
final class ExecutorCountCheck implements ApplicationCheck {

  @Override
  public String name() {
    return "executors";
  }

  @Override
  public Finding look(Application application) {
    return judge(application.executors().size(), application.conf().executors());
  }

  static Finding judge(int executors, int stages) {
    String found =
        executors
            + (executors == 1 ? " executor, " : " executors, ")
            + stages
            + (stages == 1 ? " stage" : " stages");
    return executors >= stages
        ? new Finding.Ok(found)
        : new Finding.Trouble(
            found,
            "Each stage needs one: ask for more (spark.executor.instances), look why the cluster"
                + " does not give them, or lower spark.stagecoach.stages.");
  }
}
