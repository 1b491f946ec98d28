package io.stagecoach.spark.gpu;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** That no two executors of a pipeline compute on the same GPU. */
public final class DistinctGpus {

  /**
   * What an executor has said.
   *
   * @param executor as a person names it
   * @param host where it is
   */
  public record Holder(String executor, String host, GpuClaim claim) implements Serializable {}

  private record Gpu(String host, String address) {}

  private DistinctGpus() {}

  /**
   * Checks it.
   *
   * @throws StagecoachException of kind {@link ErrorKind#CLUSTER} where two have the same
   */
  public static void check(List<Holder> holders) {
    Map<Gpu, String> taken = new HashMap<>();
    for (Holder holder : holders) {
      if (holder.claim().address().isEmpty()) {
        continue;
      }
      String other = taken.put(new Gpu(holder.host(), holder.claim().address()), holder.executor());
      if (other != null) {
        throw new StagecoachException(
            ErrorKind.CLUSTER,
            "Executors "
                + other
                + " and "
                + holder.executor()
                + " have the same GPU "
                + holder.claim().address(),
            "The discovery script must give each executor an address that no other on its host has"
                + " (conf/gpu-discovery.sh: the devices' UUIDs, which also differ where a container"
                + " shows one device as 0); or let executors find theirs: spark.stagecoach.gpu.find.");
      }
    }
  }
}
