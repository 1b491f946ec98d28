package io.stagecoach.spark.gpu;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** NVIDIA's own command that lists GPUs. */
public final class NvidiaSmi {

  /** How it is called. */
  static final String COMMAND = "nvidia-smi";

  private static final String PLAIN = "--format=csv,noheader";

  private NvidiaSmi() {}

  /**
   * Asks for what a person wants to know.
   *
   * @return a line for each GPU; none where the command is not there, fails or hangs
   */
  public static Optional<List<String>> ask(Duration patience) {
    return ask(COMMAND, patience);
  }

  static Optional<List<String>> ask(String command, Duration patience) {
    return Command.run(
                patience,
                List.of(command, "--query-gpu=name,driver_version,memory.free,memory.total", PLAIN))
            instanceof Command.Said said
        ? Optional.of(parse(said.output()))
        : Optional.empty();
  }

  /** Asks for the GPUs' UUIDs, which are theirs on whatever host, and in whatever container. */
  static GpuDiscovery.Found uuids(String command, Duration patience) {
    Command.Outcome outcome = Command.run(patience, List.of(command, "--query-gpu=uuid", PLAIN));
    if (outcome instanceof Command.Said said) {
      List<String> uuids =
          said.output().lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
      return GpuDiscovery.Found.of(command, uuids);
    }
    return new GpuDiscovery.Found(List.of(), ((Command.Unable) outcome).why());
  }

  /** Lines of four values with commas between, as people read them. */
  static List<String> parse(String output) {
    List<String> gpus = new ArrayList<>();
    for (String line : output.lines().filter(l -> !l.isBlank()).toList()) {
      String[] values = line.split(",", -1);
      if (values.length == 4) {
        gpus.add(
            values[0].strip()
                + ", driver "
                + values[1].strip()
                + ", "
                + values[2].strip()
                + " free of "
                + values[3].strip());
      }
    }
    return gpus;
  }
}
