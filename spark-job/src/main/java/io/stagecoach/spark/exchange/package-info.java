/** The exchanges: what carries hops and control messages between processes. */
package io.stagecoach.spark.exchange;
