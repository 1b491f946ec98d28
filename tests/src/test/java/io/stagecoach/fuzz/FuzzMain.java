package io.stagecoach.fuzz;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The long form: {@code FuzzMain FOLDER INPUTS [SEED]}. Prints a row for each target, and writes
 * the inputs worth keeping into the folder. Ends with 1 if there is a defect, or a target hangs.
 */
public final class FuzzMain {

  private static final long POLL_MILLIS = 1000;
  private static final int MOST_POLLS = 60;

  private FuzzMain() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    long inputs = Long.parseLong(arguments[1]);
    long seed = arguments.length > 2 ? Long.parseLong(arguments[2]) : 1;
    List<FuzzReport.Defect> defects = new ArrayList<>();
    System.out.println(FuzzReport.head());
    for (FuzzTarget target : Targets.all()) {
      Fuzzer fuzzer = new Fuzzer(target, seed);
      FuzzReport[] report = new FuzzReport[1];
      Thread worker =
          new Thread(
              () -> report[0] = fuzzer.run(Corpus.of(target.name()), inputs / target.cost()),
              "fuzz");
      worker.setDaemon(true);
      worker.start();
      await(worker, fuzzer, target);
      if (report[0] == null) {
        System.out.println(target.name() + " ended before its time");
        System.exit(1);
      }
      System.out.println(report[0].row());
      report[0].defects().forEach(defect -> System.out.println("  " + defect));
      defects.addAll(report[0].defects());
      Corpus.write(folder, target.name(), report[0].kept());
    }
    System.exit(defects.isEmpty() ? 0 : 1);
  }

  private static void await(Thread worker, Fuzzer fuzzer, FuzzTarget target) throws Exception {
    long seen = -1;
    int polls = 0;
    while (worker.isAlive()) {
      worker.join(POLL_MILLIS);
      polls = fuzzer.inputs() == seen ? polls + 1 : 0;
      seen = fuzzer.inputs();
      if (polls > MOST_POLLS) {
        System.out.println(
            target.name() + " hangs with " + HexFormat.of().formatHex(fuzzer.current()));
        for (StackTraceElement at : worker.getStackTrace()) {
          System.out.println("  at " + at);
        }
        System.exit(1);
      }
    }
  }
}
