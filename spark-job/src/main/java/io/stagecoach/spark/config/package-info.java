/** Every setting: name, type, default and a sentence. */
package io.stagecoach.spark.config;
