package io.stagecoach.spark.ui;

import com.codahale.metrics.MetricRegistry;
import org.apache.spark.metrics.source.Source;

/**
 * A registry under a name, as Spark's metrics system takes it.
 *
 * @param sourceName the name
 * @param metricRegistry the metrics
 */
record MetricsSource(String sourceName, MetricRegistry metricRegistry) implements Source {}
