/**
 * The update of flat weights in one walk over memory: averaging, regularisation, updater and
 * subtraction, a piece at a time, with the bits of ND4J's own operations. And the norm of a vector.
 */
package io.stagecoach.engine.update;
