/** Small runnable programs, each answering how to do one thing. */
package io.stagecoach.samples;
