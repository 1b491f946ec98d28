/** Cuts DL4J networks into stages and runs the pieces. */
package io.stagecoach.engine.dl4j;
