/** Named tensors, and their Arrow form on the wire and on disk. */
package io.stagecoach.tensor;
