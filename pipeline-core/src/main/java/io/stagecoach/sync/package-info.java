/** The synchronizer: gradient barrier, norm, clipping, skipping, the update. */
package io.stagecoach.sync;
