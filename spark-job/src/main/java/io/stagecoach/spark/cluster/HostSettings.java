package io.stagecoach.spark.cluster;

import io.stagecoach.spark.exchange.JobSecret;
import java.io.Serializable;
import java.time.Duration;
import java.util.UUID;

/**
 * What a stage host must know before anybody has told it anything.
 *
 * @param driver where the driver listens
 * @param runId the run
 * @param secret what lets it in
 * @param port the port to listen on, 0 for any
 * @param contact how long contact with driver and neighbours may take
 * @param step how long a hop may take
 * @param heartbeat how long the driver waits for a sign of life
 * @param messageLimit the longest message that is accepted, in bytes
 * @param credit how many hops a neighbour may send ahead
 */
record HostSettings(
    DriverAddress driver,
    UUID runId,
    JobSecret secret,
    int port,
    Duration contact,
    Duration step,
    Duration heartbeat,
    long messageLimit,
    int credit)
    implements Serializable {}
