package io.stagecoach.spark.job.retrain;

/** What becomes of a candidate. */
public sealed interface Decision {

  /** The word that records have. */
  String word();

  /** Why, in a sentence. */
  String reason();

  /** It is the accepted model from now on. */
  record Promoted(String reason) implements Decision {
    @Override
    public String word() {
      return RetrainRecord.PROMOTED;
    }
  }

  /** The accepted model stays. */
  record Refused(String reason) implements Decision {
    @Override
    public String word() {
      return RetrainRecord.REFUSED;
    }
  }
}
