package io.stagecoach.spark.cluster;

import java.io.Serializable;

/** Where the driver of a run listens. */
record DriverAddress(String host, int port) implements Serializable {}
