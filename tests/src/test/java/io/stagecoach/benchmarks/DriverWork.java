package io.stagecoach.benchmarks;

/** When the driver does its part of a step. */
enum DriverWork {

  /** Beside the stages' work, as the product does. */
  BESIDE,

  /** When all gradients are there, and before any weights are sent. */
  BETWEEN
}
