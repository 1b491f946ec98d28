package io.stagecoach.engine.dl4j;

import io.stagecoach.batch.Columns;
import io.stagecoach.engine.Mode;
import io.stagecoach.engine.ParameterLayout.View;
import io.stagecoach.engine.Recompute;
import io.stagecoach.engine.StageModule;
import io.stagecoach.engine.StageSpec;
import io.stagecoach.engine.StepContext;
import io.stagecoach.model.text.SequenceModel;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** A whole model in this process: the one stage of a pipeline that is not cut. */
public final class LocalSequences implements SequenceModel {

  private final StageModule stage;
  private final int longest;
  private long step;

  /**
   * @param model its weights are copied; it stays the caller's
   * @throws io.stagecoach.error.StagecoachException of kind {@code MODEL} where it cannot be run
   */
  public LocalSequences(Dl4jModelUpdater model) {
    this.longest = SequenceLimit.of(model.model());
    int nodes = model.model().nodes().size();
    this.stage =
        new Dl4jStageModule(new StageSpec(model.json(), 0, 1, 0, nodes, 1, Recompute.NONE, 0));
    if (stage.parameterLayout().length() > 0) {
      try (INDArray weights = weights(model)) {
        stage.setParameters(weights);
      } catch (RuntimeException e) {
        stage.close();
        throw e;
      }
    }
  }

  /** The model's weights as the stage has them: once for each use. */
  private INDArray weights(Dl4jModelUpdater model) {
    Map<String, View> originals = new HashMap<>();
    model.parameterLayout().views().forEach(view -> originals.put(view.name(), view));
    INDArray flat = model.parameters();
    INDArray weights = Nd4j.create(flat.dataType(), stage.parameterLayout().length());
    for (View view : stage.parameterLayout().views()) {
      if (view.length() > 0) {
        part(weights, view).assign(part(flat, originals.get(view.nameInModel())));
      }
    }
    return weights;
  }

  private static INDArray part(INDArray flat, View view) {
    return flat.get(NDArrayIndex.interval(view.offset(), view.offset() + view.length()));
  }

  @Override
  public List<INDArray> next(List<int[][]> tokens, boolean fresh) {
    stage.beginStep(new StepContext(step++, 0, 0, tokens.size(), Mode.GENERATION, !fresh));
    List<INDArray> predicted = new ArrayList<>();
    try {
      for (int group = 0; group < tokens.size(); group++) {
        predicted.add(next(group, tokens.get(group)));
      }
      return predicted;
    } catch (RuntimeException e) {
      predicted.forEach(INDArray::close);
      throw e;
    }
  }

  private INDArray next(int group, int[][] tokens) {
    try (Tensors given = Tensors.of(Columns.FEATURES, Nd4j.createFromArray(tokens));
        Tensors outputs = stage.forward(group, given).outputs()) {
      return OwnedArrays.copy(outputs.get(Mode.NEXT));
    }
  }

  @Override
  public int longestSequence() {
    return longest;
  }

  @Override
  public void close() {
    stage.close();
  }
}
