package io.stagecoach.error;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WhereTest {

  @Test
  void namesTheReplicaOfAStage() {
    assertThat(Where.stage(5).atStep(7)).hasToString("stage 5, step 7");
    assertThat(Where.stage(5).inReplicasOf(2).onExecutor("3 on h").atStep(7).atMicroBatch(1))
        .hasToString("replica 2 stage 1, executor 3 on h, step 7, micro-batch 1");
  }

  @Test
  void whoPlacesAnErrorSaysWhichReplicaItIs() {
    StagecoachException error =
        new StagecoachException(ErrorKind.INTERNAL, "F3.0 failed", Where.stage(3), "", null);
    assertThat(error.at(Where.stage(3).inReplicasOf(2)).where()).hasToString("replica 1 stage 1");
  }
}
