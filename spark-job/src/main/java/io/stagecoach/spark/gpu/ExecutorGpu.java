package io.stagecoach.spark.gpu;

/** What has become of the search for an executor's GPU, as it was decided when it started. */
public sealed interface ExecutorGpu {

  /** The executor has one, and CUDA is to show it no other. */
  record Taken(String address) implements ExecutorGpu {}

  /**
   * There is none for it.
   *
   * @param why a sentence's end: "no GPU, because …"
   */
  record None(String why) implements ExecutorGpu {}

  /**
   * It could not be decided.
   *
   * @param why what has failed
   * @param remedy what to do
   */
  record Failed(String why, String remedy) implements ExecutorGpu {}

  /** Nobody has looked: the plugin was not there when the executor started. */
  record NotLookedFor() implements ExecutorGpu {}
}
