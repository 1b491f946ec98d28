package io.stagecoach.benchmarks;

/** When the driver does its part of a step. */
enum DriverWork {

  /** Layer by layer, beside the stages' work, as the product does. */
  LAYERS,

  /** Stage by stage, beside the work of other stages. */
  STAGES,

  /** When all gradients are there, and before any weights are sent. */
  BETWEEN
}
