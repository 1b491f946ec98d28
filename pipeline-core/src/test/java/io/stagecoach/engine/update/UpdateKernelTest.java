package io.stagecoach.engine.update;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

class UpdateKernelTest {

  private static final int ITERATION = 3;
  private static final Adam ADAM = new Adam(0.01);
  private static final Rule RULE = Rules.of(ADAM, ITERATION, 0).orElseThrow();
  private static final Recipe RECIPE = new Recipe(1, 3, List.of(), RULE, List.of());

  /** Weights, gradients and state, each a view that begins somewhere in a larger array. */
  private record Vectors(INDArray weights, INDArray gradients, INDArray state) {

    static Vectors random(long seed, DataType type, int length, int shift) {
      Random random = new Random(seed);
      return new Vectors(
          view(random, type, length, shift),
          view(random, type, length, 2 * shift),
          Nd4j.math().abs(view(random, type, 2 * length, 3 * shift)));
    }

    private static INDArray view(Random random, DataType type, int length, int shift) {
      double[] values = random.doubles(length + (long) shift, -1, 1).toArray();
      return part(Nd4j.createFromArray(values).castTo(type), shift, length);
    }

    Vectors copy() {
      return new Vectors(weights.dup(), gradients.dup(), state.dup());
    }

    /** ND4J's way, for some neighbouring elements. */
    void updateByNd4j(int offset, int length) {
      INDArray w = part(weights, offset, length);
      INDArray g = part(gradients, offset, length).dup().divi(3);
      int all = (int) weights.length();
      INDArray m = part(state, offset, length);
      INDArray v = part(state, all + offset, length);
      Nd4j.exec(
          new org.nd4j.linalg.api.ops.impl.updaters.AdamUpdater(
              g, v, m, 0.01, ADAM.getBeta1(), ADAM.getBeta2(), ADAM.getEpsilon(), ITERATION));
      w.subi(g);
    }

    void updateByKernel(int offset, int length) {
      new UpdateKernel(weights, Optional.of(state))
          .step(gradients, Optional.empty())
          .update(stretch(offset, length), RECIPE);
    }

    Stretch stretch(long offset, long length) {
      return new Stretch(offset, length, List.of(offset, weights.length() + offset));
    }

    void assertEqualTo(Vectors other) {
      assertSame(weights, other.weights);
      assertSame(gradients, other.gradients);
      assertSame(state, other.state);
    }

    private static void assertSame(INDArray one, INDArray other) {
      assertThat(Arrays.mismatch(one.toDoubleVector(), other.toDoubleVector()))
          .as("the first element that differs")
          .isEqualTo(-1);
    }
  }

  private static INDArray part(INDArray flat, long offset, long length) {
    return flat.get(NDArrayIndex.interval(offset, offset + length));
  }

  @Property(tries = 100)
  void updatesAStretchAndNothingElse(
      @ForAll long seed,
      @ForAll boolean single,
      @ForAll @IntRange(max = 600) int offset,
      @ForAll @IntRange(min = 1, max = 1200) int length,
      @ForAll @IntRange(max = 300) int rest,
      @ForAll @IntRange(max = 20) int shift) {
    DataType type = single ? DataType.FLOAT : DataType.DOUBLE;
    Vectors tried = Vectors.random(seed, type, offset + length + rest, shift);
    Vectors expected = tried.copy();
    expected.updateByNd4j(offset, length);
    tried.updateByKernel(offset, length);
    tried.assertEqualTo(expected);
  }

  @Property(tries = 50)
  void doesNotDependOnHowAStretchIsCut(
      @ForAll long seed,
      @ForAll boolean single,
      @ForAll @IntRange(min = 2, max = 2000) int length,
      @ForAll @IntRange(max = 1999) int cut) {
    DataType type = single ? DataType.FLOAT : DataType.DOUBLE;
    Vectors whole = Vectors.random(seed, type, length, 0);
    Vectors cutOne = whole.copy();
    whole.updateByKernel(0, length);
    int first = Math.min(cut, length - 1);
    cutOne.updateByKernel(first, length - first);
    cutOne.updateByKernel(0, first);
    cutOne.assertEqualTo(whole);
  }

  /** Long enough for three blocks, and not a multiple of anything. */
  @Property(tries = 8)
  void threadsDoNotChangeABit(
      @ForAll long seed, @ForAll boolean single, @ForAll @IntRange(min = 2, max = 5) int threads) {
    DataType type = single ? DataType.FLOAT : DataType.DOUBLE;
    int length = 1_700_001;
    Vectors alone = Vectors.random(seed, type, length, 3);
    Vectors shared = alone.copy();
    alone.updateByKernel(11, length - 30);
    new UpdateKernel(shared.weights(), Optional.of(shared.state()), new UpdateThreads(threads))
        .step(shared.gradients(), Optional.empty())
        .update(shared.stretch(11, length - 30), RECIPE);
    shared.assertEqualTo(alone);
  }

  /** Neighbours, gaps, and stretches of which something else is to be done. */
  @Property(tries = 100)
  void severalTogetherAreEachByItself(
      @ForAll long seed,
      @ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 700) Integer> lengths) {
    Random random = new Random(seed);
    int all = 30 + lengths.stream().mapToInt(Integer::intValue).sum();
    Vectors together = Vectors.random(seed, DataType.FLOAT, all, 3);
    Vectors alone = together.copy();
    UpdateKernel.Step step =
        new UpdateKernel(together.weights(), Optional.of(together.state()), new UpdateThreads(2))
            .step(together.gradients(), Optional.empty());
    Recipe other =
        new Recipe(0.5, 3, List.of(new Penalty(Penalty.Of.WEIGHTS, 0.01)), RULE, List.of());
    List<UpdateKernel.Work> work = new ArrayList<>();
    int offset = 0;
    for (int length : lengths) {
      offset += random.nextInt(4) == 0 ? 2 : 0;
      // Equal, and not the same.
      Recipe recipe = random.nextInt(4) == 0 ? other : new Recipe(1, 3, List.of(), RULE, List.of());
      work.add(new UpdateKernel.Work(step, together.stretch(offset, length), recipe));
      offset += length;
    }
    UpdateKernel.update(work);
    UpdateKernel.Step last =
        new UpdateKernel(alone.weights(), Optional.of(alone.state()))
            .step(alone.gradients(), Optional.empty());
    for (int i = work.size() - 1; i >= 0; i--) {
      last.update(work.get(i).stretch(), work.get(i).recipe());
    }
    together.assertEqualTo(alone);
  }

  @Test
  void aStretchIsFollowedWhereWeightsAndStateGoOn() {
    Stretch first = new Stretch(4, 6, List.of(4L, 104L));
    assertThat(first.isFollowedBy(new Stretch(10, 3, List.of(10L, 110L)))).isTrue();
    assertThat(first.and(new Stretch(10, 3, List.of(10L, 110L))))
        .isEqualTo(new Stretch(4, 9, List.of(4L, 104L)));
    assertThat(first.isFollowedBy(new Stretch(11, 3, List.of(11L, 111L)))).isFalse();
    assertThat(first.isFollowedBy(new Stretch(10, 3, List.of(10L, 210L))))
        .as("another block's state")
        .isFalse();
    assertThat(first.isFollowedBy(new Stretch(10, 3, List.of()))).isFalse();
  }

  @Test
  void notesWhatWasSubtracted() {
    Vectors vectors = Vectors.random(1, DataType.DOUBLE, 700, 5);
    INDArray before = vectors.weights().dup();
    INDArray updates = Nd4j.zeros(DataType.DOUBLE, 700);
    new UpdateKernel(vectors.weights(), Optional.of(vectors.state()))
        .step(vectors.gradients(), Optional.of(updates))
        .update(vectors.stretch(0, 700), RECIPE);
    assertThat(before.sub(updates).toDoubleVector())
        .containsExactly(vectors.weights().toDoubleVector());
    assertThat(updates.norm2Number().doubleValue()).isPositive();
  }

  @Test
  void refusesWhatIsNotAsLongOrNotFlat() {
    UpdateKernel kernel = new UpdateKernel(Nd4j.zeros(DataType.FLOAT, 8), Optional.empty());
    assertThatThrownBy(() -> kernel.step(Nd4j.zeros(DataType.FLOAT, 7), Optional.empty()))
        .hasMessageContaining("8 weights");
    assertThatThrownBy(() -> kernel.step(Nd4j.zeros(DataType.DOUBLE, 8), Optional.empty()))
        .hasMessageContaining("8 weights");
    assertThatThrownBy(
            () ->
                kernel
                    .step(Nd4j.zeros(DataType.FLOAT, 8), Optional.empty())
                    .update(new Stretch(0, 8, List.of()), RECIPE))
        .hasMessageContaining("AdamRule");
    INDArray column = Nd4j.zeros(DataType.FLOAT, 4, 4).getColumn(1);
    assertThatThrownBy(() -> new UpdateKernel(column, Optional.empty()))
        .hasMessageContaining("not flat");
  }
}
