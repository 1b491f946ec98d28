/**
 * What pipelines would do on a cluster that is only described: thousands of devices, a network and
 * a driver, by which of the two synchronizers.
 */
package io.stagecoach.scale;
