package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of activations in one backward pass, and the memory that they are in: what a node
 * wrote is let go as soon as the last of its readers is done. Gradients of one tensor from several
 * readers are added in the order in which they come, the later reader's first.
 */
final class GradientScopes implements AutoCloseable {

  private static final int NOWHERE = -1;

  private final StageMemory.Slot slot;
  private final Map<String, INDArray> gradients = new HashMap<>();
  private final Map<String, Integer> places = new HashMap<>();
  private final List<MemoryWorkspace> open = new ArrayList<>();
  private final List<Integer> readers = new ArrayList<>();

  /**
   * @param incoming gradients to begin with, which may be changed, by tensor
   */
  GradientScopes(StageMemory.Slot slot, Map<String, INDArray> incoming) {
    this.slot = slot;
    incoming.forEach(
        (tensor, gradient) -> {
          gradients.put(tensor, gradient);
          places.put(tensor, NOWHERE);
        });
  }

  /** The gradient of a tensor; null where none flows. */
  INDArray of(String tensor) {
    return gradients.get(tensor);
  }

  /** Opens memory for what a node writes; the place is for {@link #add} and {@link #leave}. */
  int enter() {
    int place = 0;
    while (place < open.size() && open.get(place) != null) {
      place++;
    }
    MemoryWorkspace workspace = memory(place).notifyScopeEntered(ArrayType.ACTIVATION_GRAD);
    // Opened in turn rather than nested, so that each must go back to the slot by itself.
    workspace.setPreviousWorkspace(slot.workspace());
    if (place == open.size()) {
      open.add(workspace);
      readers.add(1);
    } else {
      open.set(place, workspace);
      readers.set(place, 1);
    }
    return place;
  }

  /** How DL4J finds the memory of a place. */
  LayerWorkspaceMgr memory(int place) {
    return slot.backward(place);
  }

  /** Adds to the gradient of a tensor what a node wrote at a place. */
  void add(String tensor, INDArray gradient, int place) {
    INDArray before = gradients.get(tensor);
    if (before != null) {
      before.addi(gradient);
      return;
    }
    // A node may hand on the very array that it was given.
    gradients.put(tensor, memory(place).leverageTo(ArrayType.ACTIVATION_GRAD, gradient));
    places.put(tensor, place);
    readers.set(place, readers.get(place) + 1);
  }

  /** The node that wrote at a place is done. */
  void leave(int place) {
    int left = readers.get(place) - 1;
    readers.set(place, left);
    if (left == 0) {
      open.set(place, null).close();
    }
  }

  /** The gradient of a tensor has been read. */
  void done(String tensor) {
    Integer place = places.remove(tensor);
    gradients.remove(tensor);
    if (place != null && place != NOWHERE) {
      leave(place);
    }
  }

  @Override
  public void close() {
    for (MemoryWorkspace workspace : open) {
      if (workspace != null) {
        workspace.close();
      }
    }
    open.clear();
  }
}
