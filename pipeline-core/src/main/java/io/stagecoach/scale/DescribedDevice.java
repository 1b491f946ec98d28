package io.stagecoach.scale;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A kind of device.
 *
 * @param name what it is called
 * @param share how many of a pipeline's devices are of this kind, in proportion to the other kinds
 * @param operationsPerSecond floating-point operations that it really does in a second
 * @param memoryBytes what it may hold
 * @param memoryBytesPerSecond what an update reads and writes in a second
 */
public record DescribedDevice(
    String name,
    double share,
    double operationsPerSecond,
    long memoryBytes,
    double memoryBytesPerSecond) {

  public DescribedDevice {
    ScaleDescription.requirePositive("share of " + name, share);
    ScaleDescription.requirePositive("operationsPerSecond of " + name, operationsPerSecond);
    ScaleDescription.requirePositive("memoryBytes of " + name, (double) memoryBytes);
    ScaleDescription.requirePositive("memoryBytesPerSecond of " + name, memoryBytesPerSecond);
  }

  /**
   * The devices of a pipeline: each kind has its share, by largest remainders, and like devices
   * stand together in the order of the description.
   */
  static List<DescribedDevice> pipeline(List<DescribedDevice> kinds, int stages) {
    double all = kinds.stream().mapToDouble(DescribedDevice::share).sum();
    int[] counts = new int[kinds.size()];
    double[] remainders = new double[kinds.size()];
    int given = 0;
    for (int k = 0; k < kinds.size(); k++) {
      double exact = stages * kinds.get(k).share() / all;
      counts[k] = (int) exact;
      remainders[k] = exact - counts[k];
      given += counts[k];
    }
    List<Integer> byRemainder =
        IntStream.range(0, kinds.size())
            .boxed()
            .sorted(Comparator.comparingDouble((Integer k) -> -remainders[k]))
            .toList();
    for (int i = 0; given < stages; i++, given++) {
      counts[byRemainder.get(i)]++;
    }
    List<DescribedDevice> devices = new ArrayList<>();
    for (int k = 0; k < kinds.size(); k++) {
      for (int i = 0; i < counts[k]; i++) {
        devices.add(kinds.get(k));
      }
    }
    return devices;
  }
}
