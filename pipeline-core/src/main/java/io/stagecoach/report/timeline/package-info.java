/** The stage × time picture of a step, measured or simulated: as a page, and as a trace. */
package io.stagecoach.report.timeline;
