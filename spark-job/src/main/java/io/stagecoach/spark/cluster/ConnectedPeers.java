package io.stagecoach.spark.cluster;

import io.stagecoach.spark.exchange.Endpoint;
import io.stagecoach.spark.exchange.Peer;
import io.stagecoach.tensor.Tensors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Connects to an executor when something is first sent there. */
final class ConnectedPeers implements StagePeers {

  private final Endpoint endpoint;
  private final String self;
  private final List<StageAddress> stages;
  private final Map<String, Peer> peers = new HashMap<>();

  /**
   * @param self Spark's id of this executor
   * @param stages where every stage lives
   */
  ConnectedPeers(Endpoint endpoint, String self, List<StageAddress> stages) {
    this.endpoint = endpoint;
    this.self = self;
    this.stages = List.copyOf(stages);
  }

  @Override
  public boolean isHere(int stage) {
    return stages.get(stage).executor().equals(self);
  }

  @Override
  public void send(int stage, Message.BetweenStages message, Tensors tensors) {
    StageAddress address = stages.get(stage);
    peers
        .computeIfAbsent(
            address.executor(), executor -> endpoint.connect(address.host(), address.port()))
        .send(MessageJson.control(message, tensors));
  }
}
