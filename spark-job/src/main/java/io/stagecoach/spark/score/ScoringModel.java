package io.stagecoach.spark.score;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag$;

/** A saved model in the driver's hands, ready to go to the executors. */
public final class ScoringModel {

  private final PackedNetwork network;
  private final PredictionForm form;
  private SparkContext context;
  private Broadcast<PackedNetwork> broadcast;

  /**
   * @param file a model as it is saved; it is read here, and not needed any more
   * @param form what it takes and puts out
   */
  public ScoringModel(Path file, PredictionForm form) {
    this.network = PackedNetwork.of(file);
    this.form = form;
  }

  /** What it takes and puts out. */
  public PredictionForm form() {
    return form;
  }

  /** Writes the file that it was made from. */
  public void writeTo(OutputStream out) throws IOException {
    network.writeTo(out);
  }

  /** The network where the executors of an application find it. */
  synchronized Broadcast<PackedNetwork> on(SparkContext spark) {
    if (context != spark) {
      broadcast =
          spark.broadcast(network, ClassTag$.MODULE$.<PackedNetwork>apply(PackedNetwork.class));
      context = spark;
    }
    return broadcast;
  }
}
