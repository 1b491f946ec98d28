package io.stagecoach.benchmarks;

import java.util.Locale;

/**
 * Median times of the phases of a step at the barrier, in milliseconds.
 *
 * @param receive all stages' and replicas' messages copied from the network's chunks, and decoded
 * @param receiveBefore the same into memory that is new to the process
 * @param replicas the second replica's gradients added to the first one's
 * @param scatter the stages' gradients written to the model's flat vector
 * @param norm the global norm
 * @param normBefore the same by ND4J's operations
 * @param clipBefore the gradients scaled by ND4J's operations; the kernel scales as it updates
 * @param update average, updater, subtraction; scaling among it
 * @param updateBefore the same by ND4J's operations, without scaling
 * @param weightsOut the stages' weights encoded for the wire
 * @param copyGigabytes bytes read and written in a second by a plain copy of the vector
 * @param triadGigabytes by adding one vector to another, the faster of two ways
 * @param updateGigabytes the bytes that an update must read and write, by its time
 */
record BarrierTimes(
    String size,
    String updater,
    long parameters,
    double receive,
    double receiveBefore,
    double replicas,
    double scatter,
    double norm,
    double normBefore,
    double clipBefore,
    double update,
    double updateBefore,
    double weightsOut,
    double copyGigabytes,
    double triadGigabytes,
    double updateGigabytes) {

  static final String HEADER =
      "size   updater  parameters   receive (fresh)     replicas  scatter  norm (ND4J)       clip (ND4J)  update"
          + " (ND4J)       weights  total (ND4J)  ratio  copy GB/s  triad GB/s  update GB/s  share";

  /** The whole, by the kernel. */
  public double total() {
    return receive + around() + norm + update;
  }

  /** The whole, by ND4J's operations and with fresh memory. */
  public double totalBefore() {
    return receiveBefore + around() + normBefore + clipBefore + updateBefore;
  }

  private double around() {
    return replicas + scatter + weightsOut;
  }

  /** What the update reaches of the bandwidth that the faster of copy and triad has. */
  public double bandwidthShare() {
    return updateGigabytes / Math.max(copyGigabytes, triadGigabytes);
  }

  /** How often faster clipping and update are. */
  public double updateRatio() {
    return (clipBefore + updateBefore) / update;
  }

  String row() {
    return String.format(
        Locale.ROOT,
        "%-5s  %-7s %,11d  %7.2f (%8.2f)  %8.2f  %7.2f  %6.2f (%6.2f)  - (%6.2f)  %7.2f (%8.2f)  %7.2f"
            + "  %7.1f (%8.1f)  %5.1f  %9.1f  %10.1f  %11.1f  %5.2f",
        size,
        updater,
        parameters,
        receive,
        receiveBefore,
        replicas,
        scatter,
        norm,
        normBefore,
        clipBefore,
        update,
        updateBefore,
        weightsOut,
        total(),
        totalBefore(),
        updateRatio(),
        copyGigabytes,
        triadGigabytes,
        updateGigabytes,
        bandwidthShare());
  }
}
