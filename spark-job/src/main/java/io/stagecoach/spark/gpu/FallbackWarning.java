package io.stagecoach.spark.gpu;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says, once for the same executors, that they compute on the CPU where GPUs were asked for. */
public final class FallbackWarning {

  private static final Logger LOG = LoggerFactory.getLogger(FallbackWarning.class);

  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private FallbackWarning() {}

  /** Says it, where it is so. */
  public static void say(List<DistinctGpus.Holder> holders) {
    String all =
        holders.stream()
            .filter(holder -> holder.claim().isFallback())
            .map(holder -> "executor " + holder.executor() + ": " + holder.claim().words())
            .collect(Collectors.joining("; "));
    // Stages are placed again and again, by probes and after losses.
    if (!all.isEmpty() && SAID.add(all)) {
      LOG.warn("GPUs are asked for, but it is computed on the CPU, as the settings allow: {}", all);
    }
  }
}
