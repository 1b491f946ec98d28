/**
 * When, and how, a pipeline at work is cut anew: what its devices show against what was planned.
 */
package io.stagecoach.replan;
