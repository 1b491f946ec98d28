package io.stagecoach.spark.gpu;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The addresses of a host's GPUs, by NVIDIA's own command or by a script as Spark has them. */
final class GpuDiscovery {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /**
   * What was found.
   *
   * @param addresses of all GPUs, in their order
   * @param why where there is none, the reason
   */
  record Found(List<String> addresses, String why) {

    Found {
      addresses = List.copyOf(addresses);
    }

    static Found of(String command, List<String> addresses) {
      return new Found(addresses, addresses.isEmpty() ? command + " lists none" : "");
    }
  }

  private GpuDiscovery() {}

  /**
   * Looks.
   *
   * @param by {@link NvidiaSmi#COMMAND}, or the path of a script that prints {@code {"name": "gpu",
   *     "addresses": ["0", "1"]}}
   */
  static Found look(String by) {
    if (by.equals(NvidiaSmi.COMMAND)) {
      return NvidiaSmi.uuids(by, PATIENCE);
    }
    Command.Outcome outcome = Command.run(PATIENCE, List.of(by));
    return outcome instanceof Command.Said said
        ? parsed(by, said.output())
        : new Found(List.of(), ((Command.Unable) outcome).why());
  }

  private static Found parsed(String script, String output) {
    try {
      JsonNode listed = MAPPER.readTree(output).path("addresses");
      if (listed.isArray()) {
        List<String> addresses = new ArrayList<>();
        listed.forEach(address -> addresses.add(address.asText()));
        return Found.of(script, addresses);
      }
    } catch (JsonProcessingException e) {
      // Whatever it is, it is no list.
    }
    return new Found(
        List.of(), script + " did not print a JSON object with addresses, but: " + output.strip());
  }
}
