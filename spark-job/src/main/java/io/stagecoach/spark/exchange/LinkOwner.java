package io.stagecoach.spark.exchange;

import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.TensorCodec;

/** What a connection needs of the endpoint that it belongs to. */
interface LinkOwner {

  EndpointOptions options();

  TensorCodec codec();

  RefusalLog refusals();

  void message(Link from, Control message);

  void opened(Link link, Frame.Lane lane);

  /** The connection has ended; the receiver hears why, unless it is null. */
  void ended(Link link, StagecoachException why);
}
