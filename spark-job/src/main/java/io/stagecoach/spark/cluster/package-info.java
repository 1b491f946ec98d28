/** Which executor hosts which stage: rendezvous, placement, the barrier job. */
package io.stagecoach.spark.cluster;
