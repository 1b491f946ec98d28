package io.stagecoach.spark.doctor;

import io.stagecoach.spark.config.Settings;
import java.util.List;

/** Every check, in the order of the table. */
final class Checks {

  /** On the driver and on every executor. */
  static final List<ProcessCheck> OF_PROCESSES =
      List.of(
          new JavaCheck(),
          new ModuleOptionsCheck(),
          LibraryCheck.ARROW,
          LibraryCheck.NETTY,
          new NativeBackendCheck(),
          new ThreadsCheck(),
          new HeapCheck(),
          new OffHeapLimitCheck(),
          new GpuCheck(),
          new LocalDiskCheck());

  /** Of the application as a whole. */
  static final List<ApplicationCheck> OF_THE_APPLICATION =
      List.of(
          new SparkSettingsCheckup(),
          new ExecutorCountCheck(),
          new MemoryOverheadCheck(),
          new ClockCheck(),
          new NetworkCheck(),
          new FolderCheck("output folder", Settings.OUTPUT_PATH),
          new FolderCheck("checkpoint folder", Settings.CHECKPOINT_PATH),
          new SharedFolderCheck());

  private Checks() {}
}
