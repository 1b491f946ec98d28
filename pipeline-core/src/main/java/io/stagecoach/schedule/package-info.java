/** Schedules as data: actions, the schedules, their validator and simulator. */
package io.stagecoach.schedule;
