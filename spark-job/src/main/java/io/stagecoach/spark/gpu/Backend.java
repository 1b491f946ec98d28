package io.stagecoach.spark.gpu;

import io.stagecoach.error.StagecoachException;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOps;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * ND4J's backend in this process, by what all backends have: nothing here needs CUDA's classes.
 *
 * @param isCpu whether it computes on the CPU
 * @param devices the GPUs that it computes on
 */
record Backend(boolean isCpu, List<Device> devices) {

  Backend {
    devices = List.copyOf(devices);
  }

  /**
   * The one that was loaded; loads it where none is yet.
   *
   * @throws StagecoachException of kind CLUSTER where it cannot be
   */
  static Backend loaded() {
    try {
      Nd4j.getBackend();
    } catch (LinkageError e) {
      throw BackendFailure.typed(e).orElseThrow(() -> e);
    }
    if (Nd4j.getEnvironment().isCPU()) {
      return new Backend(true, List.of());
    }
    NativeOps operations = NativeOpsHolder.getInstance().getDeviceNativeOps();
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < operations.getAvailableDevices(); i++) {
      devices.add(
          new Device(
              operations.getDeviceName(i).strip(),
              operations.getDeviceMajor(i),
              operations.getDeviceMinor(i),
              operations.getDeviceFreeMemory(i),
              operations.getDeviceTotalMemory(i)));
    }
    return new Backend(false, devices);
  }
}
