/**
 * Checkpoints: what a run must know to go on as if it had never ended, kept so that whoever reads
 * it gets all of it or is told that it is damaged.
 */
package io.stagecoach.checkpoint;
