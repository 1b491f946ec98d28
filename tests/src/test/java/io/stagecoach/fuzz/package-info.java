/** Readers of what others wrote, given inputs that nobody in his senses would write. */
package io.stagecoach.fuzz;
