package io.stagecoach.engine.dl4j;

import io.stagecoach.engine.update.Penalty;
import io.stagecoach.engine.update.Recipe;
import io.stagecoach.engine.update.Rule;
import io.stagecoach.engine.update.Stretch;
import io.stagecoach.engine.update.TrustedRules;
import io.stagecoach.engine.update.UpdateKernel;
import io.stagecoach.engine.update.UpdateThreads;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.gradient.DefaultGradient;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterBlock.ParamState;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/**
 * What DL4J's updater does to a whole network, to the bit: block by block by the update kernel, and
 * by ND4J's operations what that does not know. A block is neighbouring parameters with equal
 * updaters.
 */
final class BlockUpdates {

  private final BaseMultiLayerUpdater<?> updater;
  private final INDArray parameters;
  private final INDArray gradientView;
  private final TrustedRules rules;
  private final Optional<UpdateKernel> kernel;
  private final Map<Trainable, List<ParamState>> normalized = new LinkedHashMap<>();

  /**
   * @param parameters the network's weights, flat
   * @param gradientView the network's own gradients, flat
   * @param threads who shares the kernel's work
   */
  BlockUpdates(
      BaseMultiLayerUpdater<?> updater,
      INDArray parameters,
      INDArray gradientView,
      UpdateThreads threads) {
    this.updater = updater;
    this.parameters = parameters;
    this.gradientView = gradientView;
    this.rules = new TrustedRules(parameters.dataType());
    this.kernel =
        UpdateKernel.works(parameters)
            ? Optional.of(
                new UpdateKernel(
                    parameters, Optional.ofNullable(updater.getStateViewArray()), threads))
            : Optional.empty();
    for (UpdaterBlock block : updater.getUpdaterBlocks()) {
      for (ParamState parameter : block.getLayersAndVariablesInBlock()) {
        if (isNormalized(parameter.getLayer())) {
          normalized
              .computeIfAbsent(parameter.getLayer(), layer -> new ArrayList<>())
              .add(parameter);
        }
      }
    }
  }

  private static boolean isNormalized(Trainable layer) {
    GradientNormalization normalization =
        layer.getConfig() == null ? null : layer.getConfig().getGradientNormalization();
    return normalization != null && normalization != GradientNormalization.None;
  }

  /** One update's numbers. */
  private record Step(INDArray gradients, double scale, int divisor, int iteration, int epoch) {}

  /** A part of the weights that is updated at once. */
  sealed interface Part {

    /** Its first element. */
    long from();

    /** The one after its last. */
    long to();
  }

  /** What the kernel updates. */
  private record Walked(UpdateKernel.Work work) implements Part {

    @Override
    public long from() {
      return work.stretch().offset();
    }

    @Override
    public long to() {
      return work.stretch().offset() + work.stretch().length();
    }
  }

  /** What ND4J's operations update. */
  private record Operated(long from, long to, Runnable update) implements Part {}

  /** Updates some of the parts of a step, in their order. */
  static void update(List<Part> parts) {
    List<UpdateKernel.Work> walked = new ArrayList<>();
    for (Part part : parts) {
      if (part instanceof Walked one) {
        walked.add(one.work());
      } else if (part instanceof Operated other) {
        UpdateKernel.update(walked);
        walked.clear();
        other.update().run();
      }
    }
    UpdateKernel.update(walked);
  }

  /**
   * Prepares an update of the weights.
   *
   * @param gradients flat, the whole network's; read as the parts are updated
   * @param scale what those that are not statistics are multiplied by first
   * @param divisor what these are divided by then
   * @param noted whether the network's own gradients shall hold what was subtracted
   * @return the parts, in order, which do not depend on one another
   */
  List<Part> begin(
      INDArray gradients, double scale, int divisor, int iteration, int epoch, boolean noted) {
    Step step = new Step(gradients, scale, divisor, iteration, epoch);
    normalized.forEach((layer, own) -> normalize(layer, own, step));
    Optional<INDArray> notes = noted ? Optional.of(gradientView) : Optional.empty();
    Optional<UpdateKernel.Step> fromGradients = kernel.map(k -> k.step(gradients, notes));
    Optional<UpdateKernel.Step> fromView =
        normalized.isEmpty() ? Optional.empty() : kernel.map(k -> k.step(gradientView, notes));
    List<Part> parts = new ArrayList<>();
    for (UpdaterBlock block : updater.getUpdaterBlocks()) {
      Optional<List<Piece>> pieces =
          kernel.isPresent() && !block.skipDueToPretrainConfig(false)
              ? pieces(block, step)
              : Optional.empty();
      if (pieces.isEmpty()) {
        parts.add(
            new Operated(
                block.getParamOffsetStart(),
                block.getParamOffsetEnd(),
                () -> applyNd4j(block, step)));
        continue;
      }
      for (Piece piece : pieces.get()) {
        UpdateKernel.Step from = (piece.normalized() ? fromView : fromGradients).orElseThrow();
        parts.add(new Walked(new UpdateKernel.Work(from, piece.stretch(), piece.recipe())));
      }
    }
    return parts;
  }

  /** Scales, averages and normalises a layer's gradients, in the network's own. */
  private void normalize(Trainable layer, List<ParamState> own, Step step) {
    DefaultGradient gradient = new DefaultGradient();
    for (ParamState parameter : own) {
      if (length(parameter) > 0) {
        average(parameter, step);
        gradient.setGradientFor(parameter.getParamName(), parameter.getGradView());
      }
    }
    updater.preApply(layer, gradient, step.iteration());
  }

  /** Brings a parameter's gradient to the network's own, scaled and averaged. */
  private void average(ParamState parameter, Step step) {
    INDArray view = parameter.getGradView();
    view.assign(part(step.gradients(), parameter));
    if (isTrainable(parameter)) {
      if (step.scale() != 1) {
        view.muli(step.scale());
      }
      view.divi(step.divisor());
    }
  }

  private static boolean isTrainable(ParamState parameter) {
    return parameter.getLayer().updaterDivideByMinibatch(parameter.getParamName());
  }

  private static long length(ParamState parameter) {
    return (long) parameter.getParamOffsetEnd() - parameter.getParamOffsetStart();
  }

  private static INDArray part(INDArray flat, ParamState parameter) {
    return flat.get(
        NDArrayIndex.interval(parameter.getParamOffsetStart(), parameter.getParamOffsetEnd()));
  }

  /** One parameter's part in a block's update. */
  private record Piece(Stretch stretch, Recipe recipe, boolean normalized) {}

  /** What the kernel has to do for a block; none where it does not know all of it. */
  private Optional<List<Piece>> pieces(UpdaterBlock block, Step step) {
    IUpdater config = block.getGradientUpdater().getConfig();
    Optional<Rule> rule = rules.of(config, step.iteration(), step.epoch());
    if (rule.isEmpty()) {
      return Optional.empty();
    }
    double rate =
        config.hasLearningRate() ? config.getLearningRate(step.iteration(), step.epoch()) : 1;
    List<Piece> pieces = new ArrayList<>();
    for (ParamState parameter : block.getLayersAndVariablesInBlock()) {
      Optional<List<Penalty>> before = penalties(parameter, ApplyStep.BEFORE_UPDATER, rate, step);
      Optional<List<Penalty>> after = penalties(parameter, ApplyStep.POST_UPDATER, rate, step);
      if (before.isEmpty() || after.isEmpty()) {
        return Optional.empty();
      }
      boolean prepared = normalized.containsKey(parameter.getLayer());
      boolean raw = !prepared && isTrainable(parameter);
      pieces.add(
          new Piece(
              stretch(block, parameter, rule.get().states()),
              new Recipe(
                  raw ? step.scale() : 1,
                  raw ? step.divisor() : 1,
                  before.get(),
                  rule.get(),
                  after.get()),
              prepared));
    }
    return Optional.of(pieces);
  }

  private static Optional<List<Penalty>> penalties(
      ParamState parameter, ApplyStep when, double rate, Step step) {
    List<Regularization> all =
        parameter.getLayer().getConfig().getRegularizationByParam(parameter.getParamName());
    return all == null
        ? Optional.of(List.of())
        : Penalty.of(all, when, rate, step.iteration(), step.epoch());
  }

  private static Stretch stretch(UpdaterBlock block, ParamState parameter, int states) {
    long inBlock = (long) parameter.getParamOffsetStart() - block.getParamOffsetStart();
    long blockLength = (long) block.getParamOffsetEnd() - block.getParamOffsetStart();
    List<Long> places = new ArrayList<>();
    for (int i = 0; i < states; i++) {
      places.add(block.getUpdaterViewOffsetStart() + i * blockLength + inBlock);
    }
    return new Stretch(parameter.getParamOffsetStart(), length(parameter), places);
  }

  /** A block by DL4J's own classes. */
  private void applyNd4j(UpdaterBlock block, Step step) {
    if (block.getParamOffsetEnd() == block.getParamOffsetStart()) {
      return;
    }
    for (ParamState parameter : block.getLayersAndVariablesInBlock()) {
      if (length(parameter) > 0 && !normalized.containsKey(parameter.getLayer())) {
        average(parameter, step);
      }
    }
    if (!block.skipDueToPretrainConfig(false)) {
      block.update(step.iteration(), step.epoch());
    }
    part(parameters, block).subi(part(gradientView, block));
  }

  private static INDArray part(INDArray flat, UpdaterBlock block) {
    return flat.get(NDArrayIndex.interval(block.getParamOffsetStart(), block.getParamOffsetEnd()));
  }
}
