package io.stagecoach.sync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stagecoach.engine.Loss;
import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.stage.StageStep;
import io.stagecoach.stage.Traffic;
import io.stagecoach.tensor.Tensors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GradientBarrierTest {

  private final GradientBarrier barrier = new GradientBarrier(2);
  private final AtomicInteger closed = new AtomicInteger();

  private StagePart part(int stage, long step, int attempt) {
    return new StagePart(
        new StageStep(
            stage, stage, step, attempt, Loss.none(), 1, 0, 0, List.of(), Traffic.none(), 0),
        Tensors.viewsOf(Map.of(), closed::incrementAndGet));
  }

  @Test
  void handsOverPartsInStageOrder() {
    barrier.open(3, 0);
    barrier.arrive(part(1, 3, 0));
    CompletableFuture<Void> late = CompletableFuture.runAsync(() -> barrier.arrive(part(0, 3, 0)));
    assertThat(barrier.await(Duration.ofSeconds(10), part -> {}))
        .extracting(p -> p.report().stage())
        .containsExactly(0, 1);
    late.join();
    assertThat(closed).hasValue(0);
  }

  @Test
  void lendsPartsAsTheyCome() {
    barrier.open(3, 0);
    barrier.arrive(part(1, 3, 0));
    List<Integer> lent = new ArrayList<>();
    List<StagePart> all =
        barrier.await(
            Duration.ofSeconds(10),
            part -> {
              lent.add(part.report().stage());
              if (part.report().stage() == 1) {
                // What comes later waits for nobody.
                CompletableFuture.runAsync(() -> barrier.arrive(part(0, 3, 0))).join();
              }
            });
    assertThat(lent).containsExactly(1, 0);
    assertThat(all).extracting(p -> p.report().stage()).containsExactly(0, 1);
    assertThat(closed).hasValue(0);
  }

  @Test
  void aPartThatIsRefusedStaysForTheNextOneToDrop() {
    barrier.open(3, 0);
    barrier.arrive(part(0, 3, 0));
    assertThatThrownBy(
            () ->
                barrier.await(
                    Duration.ofSeconds(10),
                    part -> {
                      throw new StagecoachException(ErrorKind.PEER, "does not fit", "");
                    }))
        .hasMessage("does not fit");
    barrier.open(3, 1);
    assertThat(closed).hasValue(1);
  }

  @Test
  void dropsStalePartsAndPartsBroughtTwice() {
    barrier.open(3, 1);
    barrier.arrive(part(0, 2, 1));
    barrier.arrive(part(0, 3, 0));
    barrier.arrive(part(0, 3, 1));
    barrier.arrive(part(0, 3, 1));
    barrier.arrive(part(7, 3, 1));
    assertThat(closed).hasValue(4);
    barrier.open(4, 0);
    assertThat(closed).hasValue(5);
  }

  @Test
  void namesTheStagesThatAreMissing() {
    barrier.open(3, 0);
    barrier.arrive(part(0, 3, 0));
    assertThatThrownBy(() -> barrier.await(Duration.ofMillis(5), part -> {}))
        .hasMessageContaining("stage 1")
        .hasMessageContaining("step 3")
        .isInstanceOfSatisfying(
            StagecoachException.class, e -> assertThat(e.kind()).isEqualTo(ErrorKind.DEADLINE));
  }

  @Test
  void theFirstFailureIsTheOneThatCounts() {
    barrier.open(3, 0);
    barrier.fail(new StagecoachException(ErrorKind.PEER, "first", ""));
    barrier.fail(new StagecoachException(ErrorKind.PEER, "second", ""));
    assertThatThrownBy(() -> barrier.await(Duration.ofSeconds(10), part -> {})).hasMessage("first");
    barrier.open(4, 0);
    assertThatThrownBy(() -> barrier.await(Duration.ofSeconds(10), part -> {})).hasMessage("first");
  }
}
