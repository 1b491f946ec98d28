package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Which parts of a whole model's flat vector, weights or gradients, make up a stage's. A parameter
 * of the model is one stage's own; where it is shared, other stages, or other layers of the same
 * stage, have copies of its weights, and each of these uses brings a gradient.
 */
public final class StageWeights {

  /** A part of a stage's flat vector, and where it is in the model's. */
  private record Segment(long inStage, long inModel, long length, boolean copy) {

    boolean isFollowedBy(Segment next) {
      return copy == next.copy
          && inStage + length == next.inStage
          && inModel + length == next.inModel;
    }

    Segment and(Segment next) {
      return new Segment(inStage, inModel, length + next.length, copy);
    }

    Interval interval() {
      return new Interval(inModel, inModel + length);
    }

    /** What of it lies in an interval of the stage's flat vector. */
    Optional<Segment> within(Interval ofStage) {
      long from = Math.max(inStage, ofStage.from());
      long to = Math.min(inStage + length, ofStage.to());
      return from < to
          ? Optional.of(new Segment(from, inModel + from - inStage, to - from, copy))
          : Optional.empty();
    }

    INDArray of(INDArray stageFlat) {
      return ofPiece(stageFlat, 0);
    }

    /** The same of a piece of the stage's flat vector that begins at {@code offset}. */
    INDArray ofPiece(INDArray piece, long offset) {
      return part(piece, inStage - offset, length);
    }

    INDArray ofModel(INDArray modelFlat) {
      return part(modelFlat, inModel, length);
    }
  }

  private final List<List<Segment>> stages = new ArrayList<>();
  private final List<Long> lengths;
  private final List<List<Interval>> intervals = new ArrayList<>();
  private final List<Interval> copied;

  /**
   * @param model the whole model's layout
   * @param stageLayouts the stages', in order
   * @throws IllegalArgumentException where a parameter is not exactly one stage's own, or a copy is
   *     not like its original
   */
  public StageWeights(ParameterLayout model, List<ParameterLayout> stageLayouts) {
    Map<String, View> unowned = new HashMap<>();
    model.views().forEach(view -> unowned.put(view.name(), view));
    Map<String, View> all = Map.copyOf(unowned);
    for (ParameterLayout stage : stageLayouts) {
      List<Segment> segments = new ArrayList<>();
      for (View view : stage.views()) {
        View original = all.get(view.nameInModel());
        boolean isNew = view.isCopy() || unowned.remove(view.name()) != null;
        if (original == null || !isNew || original.length() != view.length()) {
          throw new IllegalArgumentException(
              view + " of a stage is not in the model as " + original);
        }
        add(segments, new Segment(view.offset(), original.offset(), view.length(), view.isCopy()));
      }
      stages.add(List.copyOf(segments));
    }
    if (!unowned.isEmpty()) {
      throw new IllegalArgumentException("no stage has " + unowned.keySet());
    }
    lengths = stageLayouts.stream().map(ParameterLayout::length).toList();
    copied =
        stages.stream().flatMap(List::stream).filter(Segment::copy).map(Segment::interval).toList();
    for (List<Segment> segments : stages) {
      intervals.add(segments.stream().map(Segment::interval).toList());
    }
  }

  private static void add(List<Segment> segments, Segment segment) {
    if (segment.length() == 0) {
      return;
    }
    int last = segments.size() - 1;
    if (last >= 0 && segments.get(last).isFollowedBy(segment)) {
      segments.set(last, segments.get(last).and(segment));
    } else {
      segments.add(segment);
    }
  }

  private static INDArray part(INDArray flat, long offset, long length) {
    return flat.get(NDArrayIndex.interval(offset, offset + length));
  }

  /** How many stages there are. */
  public int stages() {
    return stages.size();
  }

  /** How many parameters a stage has, copies included. */
  public long length(int stage) {
    return lengths.get(stage);
  }

  /**
   * A stage's flat vector, rank 1: a live view of the model's where the stage's is one piece of it,
   * else gathered from it.
   */
  public INDArray of(int stage, INDArray modelFlat) {
    List<Segment> segments = stages.get(stage);
    if (segments.isEmpty()) {
      return Nd4j.empty(modelFlat.dataType());
    }
    if (segments.size() == 1) {
      return segments.get(0).ofModel(modelFlat);
    }
    INDArray gathered = Nd4j.createUninitialized(modelFlat.dataType(), length(stage));
    for (Segment segment : segments) {
      segment.of(gathered).assign(segment.ofModel(modelFlat));
    }
    return gathered;
  }

  /** An interval of a flat vector. */
  record Interval(long from, long to) {

    /** How many elements it has. */
    long length() {
      return to - from;
    }

    /** Whether they have an element in common. */
    boolean meets(Interval other) {
      return from < other.to && other.from < to;
    }
  }

  /** What of the model's flat vector a stage has, copies included. */
  List<Interval> intervals(int stage) {
    return intervals.get(stage);
  }

  /**
   * What of it is a stage's own, and no other layer has a copy of.
   *
   * @param in which part of the stage's flat vector it must be in
   */
  List<Interval> unshared(int stage, Interval in) {
    List<Interval> found = new ArrayList<>();
    for (Segment segment : stages.get(stage)) {
      segment
          .within(in)
          .filter(part -> !part.copy())
          .ifPresent(part -> found.addAll(without(part.interval(), copied)));
    }
    return found;
  }

  /** Whether a part of a stage's flat vector has copies of what another layer has. */
  boolean hasCopies(int stage, Interval in) {
    return stages.get(stage).stream()
        .anyMatch(segment -> segment.copy() && segment.within(in).isPresent());
  }

  private static List<Interval> without(Interval interval, List<Interval> taken) {
    List<Interval> left = List.of(interval);
    for (Interval away : taken) {
      List<Interval> rest = new ArrayList<>();
      for (Interval part : left) {
        if (!part.meets(away)) {
          rest.add(part);
          continue;
        }
        if (part.from() < away.from()) {
          rest.add(new Interval(part.from(), away.from()));
        }
        if (away.to() < part.to()) {
          rest.add(new Interval(away.to(), part.to()));
        }
      }
      left = rest;
    }
    return left;
  }

  /** Writes what is a stage's own into the model's flat vector. */
  public void scatterOwn(int stage, INDArray stageFlat, INDArray modelFlat) {
    scatterOwn(stage, 0, stageFlat, modelFlat);
  }

  /**
   * The same of a piece of the stage's flat vector.
   *
   * @param offset where it begins
   */
  void scatterOwn(int stage, long offset, INDArray piece, INDArray modelFlat) {
    parts(stage, offset, piece, false)
        .forEach(part -> part.ofModel(modelFlat).assign(part.ofPiece(piece, offset)));
  }

  /** Adds a stage's copies to their originals in the model's flat vector, in the stage's order. */
  public void addCopies(int stage, INDArray stageFlat, INDArray modelFlat) {
    addCopies(stage, 0, stageFlat, modelFlat);
  }

  /**
   * The same of a piece of the stage's flat vector.
   *
   * @param offset where it begins
   */
  void addCopies(int stage, long offset, INDArray piece, INDArray modelFlat) {
    parts(stage, offset, piece, true)
        .forEach(part -> part.ofModel(modelFlat).addi(part.ofPiece(piece, offset)));
  }

  private List<Segment> parts(int stage, long offset, INDArray piece, boolean copies) {
    Interval in = new Interval(offset, offset + piece.length());
    return stages.get(stage).stream()
        .filter(segment -> segment.copy() == copies)
        .flatMap(segment -> segment.within(in).stream())
        .toList();
  }
}
