package io.stagecoach.spark.score;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.StructField;

/** What a row is given of what the network puts out. */
public interface OutputColumns extends Serializable {

  /** The columns, which come behind the row's own. */
  List<StructField> fields();

  /**
   * Their values for a row, as rows of Spark have them.
   *
   * @param outputs of each output of the network, in DL4J's order
   */
  List<Object> of(List<ExampleOutput> outputs);
}
