package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What of a stage's flat vector is its own, without the copies of parameters of others. */
public final class OwnParameters {

  private final ParameterLayout stage;
  private final ParameterLayout own;

  /**
   * @param stage the layout of the stage's flat vector
   */
  public OwnParameters(ParameterLayout stage) {
    this.stage = stage;
    List<View> views = new ArrayList<>();
    long offset = 0;
    for (View view : stage.views()) {
      if (!view.isCopy()) {
        views.add(new View(view.name(), offset, view.length(), view.kind()));
        offset += view.length();
      }
    }
    this.own = new ParameterLayout(views);
  }

  /** The layout of what is its own. */
  public ParameterLayout layout() {
    return own;
  }

  /** How long the stage's flat vector is, copies included. */
  public long stageLength() {
    return stage.length();
  }

  /** Copies what is its own out of a stage's flat vector into one of {@link #layout}. */
  public void take(INDArray stageFlat, INDArray ownFlat) {
    if (own.length() == stage.length()) {
      ownFlat.assign(stageFlat);
      return;
    }
    for (View view : own.views()) {
      if (view.length() > 0) {
        of(own, view.name(), ownFlat).assign(of(stage, view.name(), stageFlat));
      }
    }
  }

  /** Copies a vector of {@link #layout} to its places in a stage's flat vector. */
  public void give(INDArray ownFlat, INDArray stageFlat) {
    if (own.length() == stage.length()) {
      stageFlat.assign(ownFlat);
      return;
    }
    for (View view : own.views()) {
      if (view.length() > 0) {
        of(stage, view.name(), stageFlat).assign(of(own, view.name(), ownFlat));
      }
    }
  }

  /** One parameter of a stage's flat vector, a copy too: a live view. */
  public INDArray ofStage(String name, INDArray stageFlat) {
    return of(stage, name, stageFlat);
  }

  static INDArray of(ParameterLayout layout, String name, INDArray flat) {
    View view =
        layout.views().stream()
            .filter(one -> one.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no parameter " + name));
    return flat.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()));
  }
}
