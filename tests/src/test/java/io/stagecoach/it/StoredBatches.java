package io.stagecoach.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.stagecoach.batch.Columns;
import io.stagecoach.batch.LocalStorage;
import io.stagecoach.batch.ManifestFile;
import io.stagecoach.batch.MicroBatches;
import io.stagecoach.batch.ReadOptions;
import io.stagecoach.batch.ReadOptions.Floats;
import io.stagecoach.batch.Slice;
import io.stagecoach.batch.Slice.Split;
import io.stagecoach.batch.StoreManifest;
import io.stagecoach.batch.StoreReader;
import io.stagecoach.engine.dl4j.Batches;
import io.stagecoach.engine.dl4j.UncutTrainer;
import io.stagecoach.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** What the executors of a run of the {@link Workshop}'s classifier were given, in their order. */
record StoredBatches(LocalStorage storage, StoreManifest manifest, MicroBatches batches) {

  /** The one store in a directory of stores. */
  static StoredBatches in(Path stores, int batchSize, int microBatches) throws IOException {
    List<Path> found;
    try (Stream<Path> all = Files.list(stores)) {
      found = all.toList();
    }
    assertThat(found).as("the runs share one store").hasSize(1);
    LocalStorage storage = new LocalStorage(found.get(0));
    StoreManifest manifest = ManifestFile.read(storage);
    return new StoredBatches(
        storage,
        manifest,
        new MicroBatches(manifest.rows(Split.TRAINING), batchSize, microBatches));
  }

  /** Takes a step. */
  interface Trainer {
    void step(List<Tensors> microBatches, int step, int epoch);
  }

  /** Trains the uncut network on them, in this process. */
  void train(UncutTrainer uncut, long seed, int epochs) throws IOException {
    replay(
        seed,
        Math.toIntExact(epochs * batches.steps()),
        (microBatches, step, epoch) -> uncut.step(microBatches, step, epoch));
  }

  /** Takes so many steps with them. */
  void replay(long seed, int steps, Trainer trainer) throws IOException {
    try (StoreReader reader =
        new StoreReader(storage, manifest, ReadOptions.shuffled(seed).withFloats(Floats.FLOAT64))) {
      for (int step = 0; step < steps; step++) {
        int epoch = (int) (step / batches.steps());
        List<Tensors> microBatches = new ArrayList<>();
        for (Slice slice : batches.slices(Split.TRAINING, epoch, step % batches.steps())) {
          microBatches.add(read(reader, slice));
        }
        trainer.step(microBatches, step, epoch);
        microBatches.forEach(Tensors::close);
      }
    }
  }

  private static Tensors read(StoreReader reader, Slice slice) {
    try (Tensors stored = reader.read(slice, Set.of(Columns.FEATURES, Columns.LABELS))) {
      return Batches.tensors(
          Columns.FEATURES,
          stored.get(Columns.FEATURES).dup(),
          Columns.LABELS,
          Batches.oneHot(stored.get(Columns.LABELS), Workshop.CLASSES));
    }
  }
}
