/** Training and prediction as Spark ML has them: estimators and their models. */
package io.stagecoach.spark.ml;
