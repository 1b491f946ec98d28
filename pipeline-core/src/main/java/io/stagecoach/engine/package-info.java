/** The compute of one stage, as an interface, and the update of a whole model. */
package io.stagecoach.engine;
