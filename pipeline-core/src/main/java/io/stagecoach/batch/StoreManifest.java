package io.stagecoach.batch;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.Serializable;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a batch store holds. It is written last: a store without a manifest does not exist.
 *
 * @param format the version of the store's form
 * @param fingerprint of what the store was made from; a rerun on the same data finds it again
 * @param seed the seed with which rows were ordered and split when the store was written
 * @param columns the columns; every chunk has all of them
 * @param chunks the chunks of each split, in stored order
 * @param metadata whatever else belongs to the data: vocabulary, labels' names, normaliser
 */
public record StoreManifest(
    int format,
    String fingerprint,
    long seed,
    List<ColumnSpec> columns,
    Map<Slice.Split, List<ChunkInfo>> chunks,
    Map<String, String> metadata)
    implements Serializable {

  /** The version that this code writes. */
  public static final int FORMAT = 1;

  public StoreManifest {
    columns = List.copyOf(columns);
    Map<Slice.Split, List<ChunkInfo>> copy = new EnumMap<>(Slice.Split.class);
    for (Slice.Split split : Slice.Split.values()) {
      copy.put(split, List.copyOf(chunks.getOrDefault(split, List.of())));
    }
    chunks = Collections.unmodifiableMap(copy);
    metadata = Collections.unmodifiableMap(new TreeMap<>(metadata));
    Set<String> names = new HashSet<>();
    for (ColumnSpec column : columns) {
      if (!names.add(column.name())) {
        throw new IllegalArgumentException("two columns are named " + column.name());
      }
    }
    for (List<ChunkInfo> split : chunks.values()) {
      for (ChunkInfo chunk : split) {
        if (chunk.rows() < 1 || !chunk.files().keySet().equals(names)) {
          throw new IllegalArgumentException(
              "chunk "
                  + chunk.id()
                  + " has "
                  + chunk.rows()
                  + " rows of "
                  + chunk.files().keySet()
                  + " in a store of "
                  + names);
        }
      }
    }
  }

  /** A manifest of this format version. */
  public static StoreManifest of(
      String fingerprint,
      long seed,
      List<ColumnSpec> columns,
      List<ChunkInfo> training,
      List<ChunkInfo> validation,
      Map<String, String> metadata) {
    return new StoreManifest(
        FORMAT,
        fingerprint,
        seed,
        columns,
        Map.of(Slice.Split.TRAINING, training, Slice.Split.VALIDATION, validation),
        metadata);
  }

  /** How many examples a split has. */
  public long rows(Slice.Split split) {
    return chunks.get(split).stream().mapToLong(ChunkInfo::rows).sum();
  }

  /** The bytes of all files. */
  @JsonIgnore
  public long bytes() {
    return chunks.values().stream().flatMap(List::stream).mapToLong(ChunkInfo::bytes).sum();
  }

  /** The column of this name, if there. */
  public Optional<ColumnSpec> column(String name) {
    return columns.stream().filter(c -> c.name().equals(name)).findFirst();
  }
}
