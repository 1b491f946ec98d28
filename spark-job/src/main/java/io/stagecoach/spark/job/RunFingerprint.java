package io.stagecoach.spark.job;

import io.stagecoach.checkpoint.Fingerprint;
import io.stagecoach.engine.StateLayout;
import io.stagecoach.engine.dl4j.Dl4jModelUpdater;
import io.stagecoach.model.optimizer.LearningRateDecay;
import io.stagecoach.model.optimizer.OptimizerSettings;
import io.stagecoach.plan.PlannedStage;
import io.stagecoach.spark.config.Setting;
import io.stagecoach.spark.config.Settings;
import io.stagecoach.spark.config.StagecoachConf;
import io.stagecoach.spark.data.PreparedData;
import io.stagecoach.tensor.TensorFile;
import io.stagecoach.tensor.Tensors;
import io.stagecoach.tensor.WireType;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the weights of a run depend on: its model, its data and the settings that change the
 * mathematics. Stages, schedule, exchange and what else only says how it is computed are no part of
 * it, nor is when training ends, unless the learning rate depends on it.
 */
final class RunFingerprint {

  private static final List<Setting<?>> DECISIVE =
      List.of(
          Settings.BATCH_SIZE,
          Settings.SEED,
          Settings.GRADIENT_WEIGHT,
          Settings.LEARNING_RATE,
          Settings.LEARNING_RATE_WARMUP_STEPS,
          Settings.LEARNING_RATE_DECAY,
          Settings.LEARNING_RATE_MINIMUM,
          Settings.WEIGHT_DECAY,
          Settings.CLIP_NORM,
          Settings.WIRE_TYPE,
          Settings.DATA_FILTER,
          Settings.DATA_FEATURES,
          Settings.DATA_IMAGE_SIZE,
          Settings.DATA_LABEL,
          Settings.DATA_CATEGORICAL,
          Settings.DATA_CATEGORICAL_ENCODING,
          Settings.DATA_CATEGORICAL_UNKNOWN,
          Settings.DATA_WEIGHT_COLUMN,
          Settings.DATA_CLASS_WEIGHTS,
          Settings.DATA_MISSING,
          Settings.DATA_VALIDATION_SHARE,
          Settings.DATA_NORMALIZE,
          Settings.DATA_TOKENIZER,
          Settings.DATA_VOCABULARY,
          Settings.DATA_SEQUENCE_LENGTH,
          Settings.DATA_SHUFFLE,
          Settings.BATCH_STORE_CHUNK_ROWS);

  /** What a digest shows of itself. */
  private static final int DIGEST_BYTES = 8;

  private final StagecoachConf conf;
  private final Map<String, String> ofModel;

  private RunFingerprint(StagecoachConf conf, Map<String, String> ofModel) {
    this.conf = conf;
    this.ofModel = ofModel;
  }

  /**
   * Begins with the settings and the model as it is before anything is changed of it.
   *
   * @param model the model that the settings name
   */
  static RunFingerprint of(StagecoachConf conf, Dl4jModelUpdater model) {
    Map<String, String> facts = new TreeMap<>();
    facts.put("model configuration", digest(model.json().getBytes(StandardCharsets.UTF_8)));
    if (conf.modelFrom().isPresent()) {
      // Fresh weights are the configuration's own.
      facts.put("weights of " + Settings.MODEL_FROM.name(), digest(model));
    }
    return new RunFingerprint(conf, facts);
  }

  /**
   * The whole fingerprint.
   *
   * @param prepared the data, whose own fingerprint knows its snapshot
   * @param plan how the run goes
   * @param optimizer the learning rate's settings, with the steps at whose end it has fallen
   */
  Fingerprint with(PreparedData prepared, TrainingPlan plan, OptimizerSettings optimizer) {
    Map<String, String> facts = new TreeMap<>(ofModel);
    DECISIVE.forEach(setting -> facts.put(setting.name(), conf.format(setting)));
    conf.dataClassWeightsOf()
        .forEach(
            (name, weight) ->
                facts.put(Settings.DATA_CLASS_WEIGHTS_OF.name() + name, Double.toString(weight)));
    facts.put("data", prepared.snapshot().toString());
    facts.put("data snapshot", prepared.manifest().fingerprint());
    facts.put(Settings.MICRO_BATCHES.name(), Integer.toString(plan.schedule().microBatches()));
    if (plan.blocks() > 1) {
      // As many replicas, or one pipeline: the same sums.
      facts.put(Settings.GRADIENT_BLOCKS.name(), Integer.toString(plan.blocks()));
    }
    if (optimizer.decay() != LearningRateDecay.NONE) {
      facts.put(Settings.LEARNING_RATE_DECAY_STEPS.name(), Long.toString(optimizer.decaySteps()));
    }
    if (conf.wireType() == WireType.FLOAT16) {
      facts.put(
          "cut", plan.plan().stages().stream().map(PlannedStage::firstLayer).toList().toString());
    }
    return Fingerprint.of(facts);
  }

  private static String digest(Dl4jModelUpdater model) {
    StateLayout layout = model.stateLayout();
    try (Tensors weights = StateLayout.views(layout.weights(), model.parameters());
        Tensors updater = StateLayout.views(layout.updater(), model.flatUpdaterState());
        DigestOutputStream out =
            new DigestOutputStream(OutputStream.nullOutputStream(), sha256())) {
      TensorFile.write(out, weights);
      TensorFile.write(out, updater);
      return shown(out.getMessageDigest());
    } catch (IOException e) {
      throw new UncheckedIOException("a stream to nowhere failed", e);
    }
  }

  /** What is shown of the digest of some bytes. */
  static String digest(byte[] bytes) {
    MessageDigest digest = sha256();
    digest.update(bytes);
    return shown(digest);
  }

  private static String shown(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest(), 0, DIGEST_BYTES);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every JDK has SHA-256", impossible);
    }
  }
}
