package io.stagecoach.spark.score;

import io.stagecoach.spark.data.Learned;
import io.stagecoach.spark.data.ModelShape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag$;

/** A saved model in the driver's hands, ready to go to the executors. */
public final class ScoringModel {

  private final PackedNetwork network;
  private final ModelShape shape;
  private final List<String> outputs;
  private final Learned learned;
  private SparkContext context;
  private Broadcast<PackedNetwork> broadcast;

  /**
   * @param file a model as it is saved; it is read here, and not needed any more
   * @param shape what the network takes and puts out
   * @param outputs the names of its outputs, in DL4J's order
   * @param learned what it learned from the data of training
   */
  public ScoringModel(Path file, ModelShape shape, List<String> outputs, Learned learned) {
    this.network = PackedNetwork.of(file);
    this.shape = shape;
    this.outputs = List.copyOf(outputs);
    this.learned = learned;
  }

  /** What the network takes and puts out. */
  public ModelShape shape() {
    return shape;
  }

  /** The names of its outputs, in DL4J's order. */
  public List<String> outputs() {
    return outputs;
  }

  /** What it learned from the data of training. */
  public Learned learned() {
    return learned;
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
