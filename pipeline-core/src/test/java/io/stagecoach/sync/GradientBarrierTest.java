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
import java.util.function.Consumer;
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

  private static GradientArrivals lending(Consumer<StagePart> to) {
    return new GradientArrivals() {
      @Override
      public void arrived(GradientPiece piece) {
        throw new AssertionError("a piece of stage " + piece.stage());
      }

      @Override
      public void arrived(StagePart part) {
        to.accept(part);
      }
    };
  }

  @Test
  void handsOverPartsInStageOrder() {
    barrier.open(3, 0);
    barrier.arrive(part(1, 3, 0));
    CompletableFuture<Void> late = CompletableFuture.runAsync(() -> barrier.arrive(part(0, 3, 0)));
    assertThat(barrier.await(Duration.ofSeconds(10), GradientArrivals.NONE))
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
            lending(
                part -> {
                  lent.add(part.report().stage());
                  if (part.report().stage() == 1) {
                    // What comes later waits for nobody.
                    CompletableFuture.runAsync(() -> barrier.arrive(part(0, 3, 0))).join();
                  }
                }));
    assertThat(lent).containsExactly(1, 0);
    assertThat(all).extracting(p -> p.report().stage()).containsExactly(0, 1);
    assertThat(closed).hasValue(0);
  }

  private GradientPiece piece(int stage, long step, int attempt, long offset) {
    return new GradientPiece(
        stage, step, attempt, offset, Tensors.viewsOf(Map.of(), closed::incrementAndGet));
  }

  @Test
  void tellsOfPiecesBeforeTheirPart() {
    barrier.open(3, 0);
    List<String> told = new ArrayList<>();
    CompletableFuture<Void> stages =
        CompletableFuture.runAsync(
            () -> {
              barrier.arrive(part(1, 3, 0));
              barrier.arrive(piece(0, 3, 0, 9));
              barrier.arrive(piece(0, 3, 0, 4));
              barrier.arrive(part(0, 3, 0));
            });
    barrier.await(
        Duration.ofSeconds(10),
        new GradientArrivals() {
          @Override
          public void arrived(GradientPiece piece) {
            told.add(piece.stage() + " from " + piece.offset());
          }

          @Override
          public void arrived(StagePart part) {
            told.add(part.report().stage() + " is done");
          }
        });
    stages.join();
    assertThat(told).containsSubsequence("0 from 9", "0 from 4", "0 is done");
    assertThat(told).hasSize(4);
    assertThat(closed).as("whoever hears of a piece owns it").hasValue(0);
  }

  @Test
  void dropsPiecesThatNobodyWaitsFor() {
    barrier.open(3, 1);
    barrier.arrive(piece(0, 3, 0, 9));
    barrier.arrive(piece(0, 2, 1, 9));
    barrier.arrive(piece(2, 3, 1, 9));
    assertThat(closed).hasValue(3);
    barrier.arrive(part(0, 3, 1));
    barrier.arrive(piece(0, 3, 1, 9));
    assertThat(closed).as("after its part").hasValue(4);
    barrier.arrive(piece(1, 3, 1, 9));
    barrier.open(4, 0);
    assertThat(closed).hasValue(6);
  }

  @Test
  void aPartThatIsRefusedStaysForTheNextOneToDrop() {
    barrier.open(3, 0);
    barrier.arrive(part(0, 3, 0));
    assertThatThrownBy(
            () ->
                barrier.await(
                    Duration.ofSeconds(10),
                    lending(
                        part -> {
                          throw new StagecoachException(ErrorKind.PEER, "does not fit", "");
                        })))
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
    assertThatThrownBy(() -> barrier.await(Duration.ofMillis(5), GradientArrivals.NONE))
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
    assertThatThrownBy(() -> barrier.await(Duration.ofSeconds(10), GradientArrivals.NONE))
        .hasMessage("first");
    barrier.open(4, 0);
    assertThatThrownBy(() -> barrier.await(Duration.ofSeconds(10), GradientArrivals.NONE))
        .hasMessage("first");
  }
}
