/**
 * DL4J's own way of training on Spark, in a pipeline. The only package that knows DL4J's Spark
 * modules.
 */
package io.stagecoach.spark.dl4j;
