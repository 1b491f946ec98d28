package io.stagecoach.benchmarks;

import io.stagecoach.batch.LocalStorage;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.dl4j.UncutTrainer;
import io.stagecoach.spark.cluster.ProcessMemory;
import io.stagecoach.tensor.Tensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * One device: plain DL4J with the uncut network in a process of its own, one thread, which does the
 * same micro-batches one after another, accumulates their gradients, and updates once a step. It
 * waits, idle, between the steps that it is asked for. Reading the data is left out of its times.
 */
final class UncutProcess implements AutoCloseable {

  private static final String STEP = "STEP ";
  private static final String DONE = "DONE ";

  /** A step's time and its loss, summed over examples. */
  record Step(long nanos, double loss) {}

  private final Process process;
  private final BufferedReader said;
  private long peakBytes;

  private UncutProcess(Process process) {
    this.process = process;
    this.said = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts it.
   *
   * @param store where the workload has been written
   * @param jvmOptions heap and memory, as the executors have them
   */
  static UncutProcess start(Workload workload, Path store, List<String> jvmOptions)
      throws IOException {
    Path model = store.resolveSibling(store.getFileName() + "-model.json");
    Files.writeString(model, workload.model());
    ProcessBuilder builder =
        new ProcessBuilder(
                JavaCommand.of(
                    UncutProcess.class,
                    jvmOptions,
                    model.toString(),
                    store.toString(),
                    Integer.toString(workload.microBatchRows())))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("OMP_NUM_THREADS", "1");
    return new UncutProcess(builder.start());
  }

  /** Has it do so many steps. */
  List<Step> steps(int microBatches, int count) throws IOException {
    process.outputWriter(StandardCharsets.UTF_8).append(microBatches + " " + count + "\n").flush();
    List<Step> steps = new ArrayList<>();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(STEP)) {
        String[] words = line.split(" ", -1);
        steps.add(new Step(Long.parseLong(words[1]), Double.parseDouble(words[2])));
      } else if (line.startsWith(DONE)) {
        peakBytes = Long.parseLong(line.substring(DONE.length()));
        return steps;
      }
    }
    throw new IOException("the uncut process ended");
  }

  /** The most resident memory that it had up to its last step. */
  long peakBytes() {
    return peakBytes;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  public static void main(String[] arguments) throws IOException {
    LocalStorage storage = new LocalStorage(Path.of(arguments[1]));
    int rows = Integer.parseInt(arguments[2]);
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    long step = 0;
    try (UncutTrainer trainer =
            new UncutTrainer(Files.readString(Path.of(arguments[0])), Workload.SEED);
        StoreReader reader =
            new StoreReader(storage, ManifestFile.read(storage), Workload.READING)) {
      for (String line = orders.readLine(); line != null; line = orders.readLine()) {
        String[] order = line.split(" ", -1);
        int count = Integer.parseInt(order[1]);
        for (int i = 0; i < count; i++) {
          List<Tensors> batch = read(reader, Integer.parseInt(order[0]), rows);
          long start = System.nanoTime();
          double loss = trainer.step(batch, step, 0);
          long nanos = System.nanoTime() - start;
          batch.forEach(Tensors::close);
          step++;
          System.out.println(STEP + nanos + " " + loss);
        }
        System.out.println(DONE + ProcessMemory.ofThisProcess().peakResidentBytes());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    System.exit(0);
  }

  private static List<Tensors> read(StoreReader reader, int microBatches, int rows) {
    Set<String> columns = Set.of("features", "labels");
    List<Tensors> batch = new ArrayList<>();
    for (int m = 0; m < microBatches; m++) {
      Slice slice = Slice.of(Slice.Split.TRAINING, 0, (long) m * rows, rows);
      batch.add(reader.read(slice, columns));
    }
    return batch;
  }
}
