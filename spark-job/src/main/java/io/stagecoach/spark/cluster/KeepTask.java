package io.stagecoach.spark.cluster;

import io.stagecoach.engine.StageSpec;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import scala.Product2;
import scala.Tuple2;
import scala.collection.Iterator;
import scala.collection.JavaConverters;

/** Has the stages of an executor keep their weights, and gives them those that they begin with. */
final class KeepTask implements PinnedRdd.Work {

  private static final long serialVersionUID = 1L;

  private final UUID run;
  private final String engine;

  /**
   * @param engine what the stages were built by
   */
  KeepTask(UUID run, String engine) {
    this.run = run;
    this.engine = engine;
  }

  /**
   * What an executor is given.
   *
   * @param specs its stages
   * @param keep a {@link Message.KeepSlices} as JSON
   * @param slices its stages' own weights, and those of the stages that it mirrors
   */
  record Kept(List<StageSpec> specs, String keep, List<Given> slices) implements Serializable {}

  /**
   * Weights and updater state of a stage, as an Arrow stream.
   *
   * @param updates how many updates they have seen
   */
  record Given(int stage, long updates, SentBytes state) implements Serializable {}

  @Override
  public Iterator<Tuple2<Integer, Object>> run(
      int executor, Iterator<Product2<Integer, Object>> arrived, Serializable data) {
    Kept kept = (Kept) data;
    ResidentStages stages = ResidentStages.of(run, executor);
    stages.keep(
        (Message.KeepSlices) MessageJson.read(kept.keep().getBytes(StandardCharsets.UTF_8)),
        engine,
        kept.specs());
    for (Given given : kept.slices()) {
      stages.take(given.stage(), given.updates(), given.state().bytes());
    }
    return JavaConverters.asScalaIterator(List.<Tuple2<Integer, Object>>of().iterator());
  }
}
