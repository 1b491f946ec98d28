package io.stagecoach.batch;

/** Names a column of a chunk. */
record ChunkColumn(Slice.Split split, int chunk, String column) {}
