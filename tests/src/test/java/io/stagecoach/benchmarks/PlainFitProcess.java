package io.stagecoach.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;

/**
 * DL4J's own {@code fit}, in a process of its own, with as many threads as the others together have
 * cores. It waits, idle, between the rounds that it is asked for. Its examples are in memory.
 */
final class PlainFitProcess implements AutoCloseable {

  private static final String ROUND = "ROUND ";

  private final Process process;
  private final BufferedReader said;

  private PlainFitProcess(Process process) {
    this.process = process;
    this.said = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Starts it.
   *
   * @param model the network's configuration
   * @param folder where the data sets are
   */
  static PlainFitProcess start(Path model, Path folder, int threads) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                JavaCommand.of(
                    PlainFitProcess.class,
                    ResidentPipeline.JVM_OPTIONS,
                    model.toString(),
                    folder.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
    return new PlainFitProcess(builder.start());
  }

  /** Has it go through the examples once; how many seconds that took. */
  double round() throws IOException {
    process.outputWriter(StandardCharsets.UTF_8).append("\n").flush();
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(ROUND)) {
        return Double.parseDouble(line.substring(ROUND.length()));
      }
    }
    throw new IOException("the process of plain DL4J ended");
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  public static void main(String[] arguments) throws IOException {
    MultiLayerNetwork network =
        new MultiLayerNetwork(
            MultiLayerConfiguration.fromJson(Files.readString(Path.of(arguments[0]))));
    network.init();
    List<DataSet> sets = read(Path.of(arguments[1]));
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = orders.readLine(); line != null; line = orders.readLine()) {
      long start = System.nanoTime();
      network.fit(new ExistingDataSetIterator(sets));
      System.out.println(ROUND + (System.nanoTime() - start) / 1e9);
    }
    System.exit(0);
  }

  private static List<DataSet> read(Path folder) throws IOException {
    List<DataSet> sets = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".bin")).sorted().toList()) {
        DataSet set = new DataSet();
        set.load(file.toFile());
        sets.add(set);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return sets;
  }
}
