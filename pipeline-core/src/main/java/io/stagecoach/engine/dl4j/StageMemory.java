package io.stagecoach.engine.dl4j;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The ND4J workspaces of one module: one for each slot, which holds a micro-batch's arrays from its
 * forward to the end of its backward pass, and some that all slots share for what a single layer
 * needs for a moment. They grow to what a pass needs and are used again and again, so that training
 * leaves no garbage off the heap.
 *
 * <p>Workspaces belong to the thread that first opens them; one thread runs a module.
 */
final class StageMemory implements AutoCloseable {

  private static final AtomicLong MODULES = new AtomicLong();

  private static final WorkspaceConfiguration GROWING =
      WorkspaceConfiguration.builder()
          .initialSize(0)
          .overallocationLimit(0.05)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .policyReset(ResetPolicy.BLOCK_LEFT)
          .policySpill(SpillPolicy.REALLOCATE)
          .policyAllocation(AllocationPolicy.OVERALLOCATE)
          .build();

  private final String prefix = "STAGECOACH_" + MODULES.getAndIncrement() + "_";
  private final WorkspaceConfiguration working;
  private final Map<String, MemoryWorkspace> opened = new LinkedHashMap<>();
  private final Set<String> gradientWorkspaces = new LinkedHashSet<>();

  /**
   * @param nodes how many nodes the stage has: the shared workspaces learn their size over one pass
   */
  StageMemory(int nodes) {
    working =
        WorkspaceConfiguration.builder()
            .initialSize(0)
            .overallocationLimit(0.02)
            .policyLearning(LearningPolicy.OVER_TIME)
            .cyclesBeforeInitialization(2 * nodes)
            .policyReset(ResetPolicy.BLOCK_LEFT)
            .policySpill(SpillPolicy.REALLOCATE)
            .policyAllocation(AllocationPolicy.OVERALLOCATE)
            .build();
  }

  /** The memory of a slot. */
  Slot slot(int index) {
    return new Slot(prefix + "SLOT_" + index);
  }

  private MemoryWorkspace named(String name, WorkspaceConfiguration configuration) {
    return opened.computeIfAbsent(
        name, n -> Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(configuration, n));
  }

  @Override
  public void close() {
    List<String> shared = new ArrayList<>(gradientWorkspaces);
    shared.add(prefix + "WORK");
    shared.add(prefix + "RNN");
    for (String workspace : shared) {
      if (Nd4j.getWorkspaceManager().checkIfWorkspaceExists(workspace)) {
        named(workspace, working);
      }
    }
    opened.values().forEach(Nd4j.getWorkspaceManager()::destroyWorkspace);
    opened.clear();
  }

  /** The memory of one micro-batch in flight. */
  final class Slot {

    private final String name;
    private final LayerWorkspaceMgr forward;
    private final LayerWorkspaceMgr loss;
    private final List<LayerWorkspaceMgr> gradients = new ArrayList<>();
    private boolean open;

    private Slot(String slotName) {
      this.name = slotName;
      this.forward = builder().with(ArrayType.ACTIVATIONS, slotName, GROWING).build();
      this.loss = builder().with(ArrayType.ACTIVATIONS, prefix + "WORK", working).build();
    }

    private LayerWorkspaceMgr.Builder builder() {
      return LayerWorkspaceMgr.builder()
          .with(ArrayType.INPUT, name, GROWING)
          .with(ArrayType.FF_CACHE, name, GROWING)
          .with(ArrayType.FF_WORKING_MEM, prefix + "WORK", working)
          .with(ArrayType.BP_WORKING_MEM, prefix + "WORK", working)
          .with(ArrayType.RNN_FF_LOOP_WORKING_MEM, prefix + "RNN", GROWING)
          .with(ArrayType.RNN_BP_LOOP_WORKING_MEM, prefix + "RNN", GROWING);
    }

    /** For the forward pass: what layers give stays in the slot. */
    LayerWorkspaceMgr forward() {
      return forward;
    }

    /** For the loss: what the output layer gives is gone when it is known. */
    LayerWorkspaceMgr loss() {
      return loss;
    }

    /**
     * For the backward pass of a node, by the memory in which its gradients are: a chain needs two
     * in turn, since a layer reads the gradients that the layer after it wrote.
     */
    LayerWorkspaceMgr backward(int place) {
      while (gradients.size() <= place) {
        String shared = prefix + "GRADIENT_" + gradients.size();
        gradientWorkspaces.add(shared);
        gradients.add(
            builder()
                .with(ArrayType.ACTIVATIONS, prefix + "WORK", working)
                .with(ArrayType.ACTIVATION_GRAD, shared, working)
                .build());
      }
      return gradients.get(place);
    }

    /** Begins a micro-batch; the slot becomes current. */
    void open() {
      abandon();
      MemoryWorkspace workspace = workspace();
      Nd4j.getMemoryManager().setCurrentWorkspace(null);
      workspace.notifyScopeEntered();
      open = true;
    }

    /** Goes on with a micro-batch. */
    void resume() {
      Nd4j.getMemoryManager().setCurrentWorkspace(workspace());
    }

    /** Ends a micro-batch, if one is there: what is in the slot is gone. */
    void abandon() {
      if (open) {
        open = false;
        resume();
        // Goes back to no workspace, as it was opened from none.
        workspace().close();
      }
    }

    /** The slot's workspace, to which a scope inside it goes back. */
    MemoryWorkspace workspace() {
      return named(name, GROWING);
    }
  }
}
