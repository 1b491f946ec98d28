package io.stagecoach.spark.job;

import io.stagecoach.batch.ColumnSpec;
import io.stagecoach.batch.Columns;
import io.stagecoach.batch.Slice;
import io.stagecoach.engine.dl4j.Dl4jModel;
import io.stagecoach.spark.data.PreparedData;
import java.util.ArrayList;
import java.util.List;

/**
 * Into which runs of time steps a sequence is cut by truncated back-propagation through time: one
 * step of the pipeline, and one weight update, for each, with the recurrent state carried over. As
 * in DL4J, the last may be shorter.
 *
 * @param segments the segments in order; a single {@link #WHOLE} where nothing is cut
 */
record TimeSegments(List<Segment> segments) {

  /** Time steps {@code first} to before {@code first + count}. */
  record Segment(int first, int count) {

    /** The same examples, these time steps of them. */
    Slice of(Slice slice) {
      return count == Slice.WHOLE ? slice : slice.time(first, count);
    }
  }

  private static final Segment WHOLE = new Segment(0, Slice.WHOLE);

  TimeSegments {
    segments = List.copyOf(segments);
  }

  /** The segments of a network's sequences of this length; a length of 1 is no sequence. */
  static TimeSegments of(Dl4jModel network, int timeSteps) {
    int length = network.segmentLength();
    if (!network.isTruncated() || timeSteps <= length) {
      return new TimeSegments(List.of(WHOLE));
    }
    List<Segment> segments = new ArrayList<>();
    for (int first = 0; first < timeSteps; first += length) {
      segments.add(new Segment(first, Math.min(length, timeSteps - first)));
    }
    return new TimeSegments(segments);
  }

  /** The segments of a network's examples in a batch store. */
  static TimeSegments of(Dl4jModel network, PreparedData prepared) {
    return of(
        network,
        prepared.manifest().columns().stream()
            .filter(column -> column.name().startsWith(Columns.FEATURES))
            .mapToInt(ColumnSpec::timeSteps)
            .max()
            .orElse(1));
  }

  int count() {
    return segments.size();
  }
}
