/**
 * Which GPU an executor computes on: what Spark is asked for, what it gave or what the executor
 * found by itself, and what ND4J made of it.
 */
package io.stagecoach.spark.gpu;
