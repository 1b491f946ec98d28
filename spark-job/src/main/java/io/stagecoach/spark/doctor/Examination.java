package io.stagecoach.spark.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stagecoach.spark.cluster.EveryExecutor;
import io.stagecoach.spark.cluster.ProcessMemory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/** All checks of a process, one after the other; on executors as a question of the driver's. */
final class Examination implements EveryExecutor.Question {

  private static final long serialVersionUID = 1L;

  /** What the task gives back goes as text, whatever serializer the application has. */
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final int threads;
  private final long needed;

  /**
   * @param threads how many threads ND4J should have; 0 where the settings do not say
   * @param needed what the model takes beside the heap, in bytes; 0 where none is known
   */
  Examination(int threads, long needed) {
    this.threads = threads;
    this.needed = needed;
  }

  @Override
  public String answer() {
    String place = SparkEnv.get().executorId();
    try {
      return MAPPER.writeValueAsString(of(place, SparkEnv.get().conf(), Checks.OF_PROCESSES));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("findings are not JSON", e);
    }
  }

  /** What an executor has answered. */
  static ExecutorState read(EveryExecutor.Answer answer) {
    try {
      ExecutorState state = MAPPER.readValue(answer.text(), ExecutorState.class);
      return new ExecutorState(answer.place(), state.memoryBeside(), state.findings());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("findings are not JSON", e);
    }
  }

  /** What the checks find in this process. */
  ExecutorState of(String place, SparkConf settings, List<ProcessCheck> checks) {
    Here here = new Here(place, settings, threads, needed);
    Map<String, Finding> findings = new LinkedHashMap<>();
    for (ProcessCheck check : checks) {
      findings.put(check.name(), Failing.asFinding(() -> check.look(here)));
    }
    return new ExecutorState(place, ProcessMemory.ofThisProcess().offHeapBytes(), findings);
  }
}
