package io.stagecoach.batch;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Reads micro-batches from a batch store: only the columns asked for, whole chunks at a time
 * through a bounded cache, checked against the manifest's checksums. Arrays are in c order, of
 * shape [rows, row shape…], the time axis cut as the slice says. One thread reads.
 */
public final class StoreReader implements MicroBatchSource {

  /** Orders kept: of the epoch at hand, the next one's when it is announced, and validation's. */
  private static final int KEPT_ORDERS = 3;

  private final StoreManifest manifest;
  private final ReadOptions options;
  private final ChunkCache cache;
  private final Map<OrderKey, EpochOrder> orders =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<OrderKey, EpochOrder> eldest) {
          return size() > KEPT_ORDERS;
        }
      };
  private List<Slice> announced = List.of();

  private record OrderKey(Slice.Split split, int epoch) {}

  /**
   * A reader of a store.
   *
   * @param storage where the store is
   * @param manifest its manifest, read once on the driver and sent along
   */
  public StoreReader(ChunkStorage storage, StoreManifest manifest, ReadOptions options) {
    this.manifest = manifest;
    this.options = options;
    this.cache =
        new ChunkCache(
            new ChunkLoader(storage, manifest), options.cacheBytes(), options.deadline());
  }

  /**
   * {@inheritDoc}
   *
   * @throws StagecoachException DATA if a chunk is missing or not what was written, or the slice
   *     goes beyond the data; DEADLINE if the storage does not answer
   */
  @Override
  public Tensors read(Slice slice, Set<String> columns) {
    checkRows(slice);
    List<EpochOrder.Place> places = places(slice);
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    try {
      for (ColumnSpec column : manifest.columns()) {
        if (columns.contains(column.name())) {
          arrays.put(column.name(), gather(column, slice, places));
        }
      }
    } catch (RuntimeException | Error e) {
      arrays.values().forEach(INDArray::close);
      throw e;
    }
    int index = announced.indexOf(slice);
    if (index >= 0) {
      cache.passed(index + 1);
      announced = announced.subList(index + 1, announced.size());
    }
    return Tensors.of(arrays);
  }

  /** {@inheritDoc} A new call replaces what was said before. */
  @Override
  public void prefetch(List<Slice> slices, Set<String> columns) {
    List<Set<ChunkColumn>> groups = new ArrayList<>(slices.size());
    for (Slice slice : slices) {
      checkRows(slice);
      Set<ChunkColumn> keys = new LinkedHashSet<>();
      for (ColumnSpec column : manifest.columns()) {
        if (columns.contains(column.name())) {
          for (EpochOrder.Place place : places(slice)) {
            keys.add(new ChunkColumn(slice.split(), place.chunk(), column.name()));
          }
        }
      }
      groups.add(keys);
    }
    announced = List.copyOf(slices);
    cache.announce(groups);
  }

  private List<EpochOrder.Place> places(Slice slice) {
    OrderKey key = new OrderKey(slice.split(), isShuffled(slice) ? slice.epoch() : 0);
    return orders.computeIfAbsent(key, k -> order(slice)).at(slice.firstRow(), slice.rows());
  }

  private boolean isShuffled(Slice slice) {
    return slice.split() == Slice.Split.TRAINING && options.order() == ReadOptions.Order.SHUFFLED;
  }

  private EpochOrder order(Slice slice) {
    List<Integer> rows =
        manifest.chunks().get(slice.split()).stream().map(ChunkInfo::rows).toList();
    return isShuffled(slice)
        ? EpochOrder.shuffled(rows, options.seed(), slice.epoch(), options.windowChunks())
        : EpochOrder.stored(rows);
  }

  private INDArray gather(ColumnSpec column, Slice slice, List<EpochOrder.Place> places) {
    ColumnGatherer gatherer =
        new ColumnGatherer(
            column,
            options.outputType(column.type()),
            slice.rows(),
            column.timeAxis() ? slice.firstTimeStep() : 0,
            timeSteps(column, slice));
    try {
      rowsByChunk(places)
          .forEach(
              (chunk, rows) -> {
                LoadedColumn loaded =
                    cache.get(new ChunkColumn(slice.split(), chunk, column.name()));
                for (int row : rows) {
                  gatherer.copy(loaded, places.get(row).row(), row);
                }
              });
    } catch (RuntimeException | Error e) {
      gatherer.finish().close();
      throw e;
    }
    return gatherer.finish();
  }

  /** Which rows of the slice are in which chunk, so that each chunk is asked for once. */
  private static Map<Integer, List<Integer>> rowsByChunk(List<EpochOrder.Place> places) {
    Map<Integer, List<Integer>> rows = new LinkedHashMap<>();
    for (int i = 0; i < places.size(); i++) {
      rows.computeIfAbsent(places.get(i).chunk(), c -> new ArrayList<>()).add(i);
    }
    return rows;
  }

  private int timeSteps(ColumnSpec column, Slice slice) {
    if (!column.timeAxis()) {
      return 1;
    }
    int there = column.timeSteps();
    int first = slice.firstTimeStep();
    int count = slice.timeSteps() == Slice.WHOLE ? there - first : slice.timeSteps();
    if (count < 1 || count > there - first) {
      throw beyond(
          (slice.timeSteps() == Slice.WHOLE ? "the" : slice.timeSteps())
              + " time steps from "
              + first
              + " of column "
              + column.name()
              + ", which has "
              + there);
    }
    return count;
  }

  private void checkRows(Slice slice) {
    long there = manifest.rows(slice.split());
    if (slice.firstRow() > there - slice.rows()) {
      throw beyond(
          "rows "
              + slice.firstRow()
              + " to "
              + (slice.firstRow() + slice.rows())
              + " of "
              + slice.split()
              + ", which has "
              + there);
    }
  }

  private static StagecoachException beyond(String what) {
    return new StagecoachException(
        ErrorKind.DATA,
        "The batch store was asked for " + what,
        "Check that the batch store belongs to this run: its folder may have been replaced");
  }

  /** The bytes of chunks held in memory. */
  public long cachedBytes() {
    return cache.heldBytes();
  }

  @Override
  public void close() {
    cache.close();
  }
}
