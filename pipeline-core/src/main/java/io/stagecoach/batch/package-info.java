/**
 * The batch store: indexed Arrow chunks of examples, their order by seed and epoch, and prefetch.
 */
package io.stagecoach.batch;
