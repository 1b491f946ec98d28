/** Which layers make which stage: layer costs, partitioners, the plan. */
package io.stagecoach.plan;
