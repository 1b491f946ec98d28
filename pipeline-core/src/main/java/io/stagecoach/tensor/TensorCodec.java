package io.stagecoach.tensor;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.error.Where;
import io.stagecoach.tensor.MessageHeadReader.MalformedException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.memory.BufferAllocator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns named tensors into Arrow IPC streams and back. A stream is one record batch of one row; a
 * tensor is a column of the extension type {@code arrow.fixed_shape_tensor}, whose metadata keep
 * shape and order; the schema's metadata hold the micro-batch's id. Any Arrow reader opens it.
 *
 * <p>On ND4J's CPU backend nothing is copied in either direction, but for bool, views that are not
 * dense, arrays in a workspace, and what is narrowed for the wire. Thread-safe.
 */
public final class TensorCodec implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(TensorCodec.class);
  private static final Cleaner CLEANER = Cleaner.create();

  /** How many sets of shapes are remembered; a run has a few. */
  private static final int CACHED_LAYOUTS = 64;

  private final BufferAllocator allocator;
  private final long limitBytes;
  private final WireType wireType;
  private final Map<List<TensorSpec>, MessageLayout> toSend = new ConcurrentHashMap<>();
  private final Map<Lengths, MessageLayout> received = new ConcurrentHashMap<>();

  /** What is being sent stays reachable: the network holds bare memory, not arrays. */
  private final Set<EncodedTensors> open = ConcurrentHashMap.newKeySet();

  private record Lengths(int head, long message) {}

  /** A codec that sends every tensor as it is. */
  public TensorCodec(BufferAllocator parent, String owner, long limitBytes) {
    this(parent, owner, limitBytes, WireType.FLOAT32);
  }

  /**
   * @param parent where the messages' memory is counted, under a child of this owner's name
   * @param owner who sends and receives, for the errors
   * @param limitBytes the most bytes that one message may have
   * @param wireType as what floats are sent, and must have been
   */
  public TensorCodec(BufferAllocator parent, String owner, long limitBytes, WireType wireType) {
    this.allocator = parent.newChildAllocator(owner, 0, parent.getLimit());
    this.limitBytes = limitBytes;
    this.wireType = wireType;
  }

  /**
   * Encodes, and owns the tensors from here on, also if it fails: they are closed with the result.
   *
   * @throws StagecoachException MODEL for an element type or a shape that cannot travel, RESOURCE
   *     for a message over the limit
   */
  public EncodedTensors encode(TensorMessage message) {
    Outgoing outgoing = new Outgoing(message.tensors());
    try {
      return encode(message.microBatch(), message.tensors(), outgoing);
    } catch (RuntimeException | Error e) {
      outgoing.close();
      throw e;
    }
  }

  private EncodedTensors encode(long microBatch, Tensors tensors, Outgoing outgoing) {
    List<TensorSpec> specs = new ArrayList<>(tensors.names().size());
    tensors.asMap().forEach((name, array) -> specs.add(spec(name, array)));
    MessageLayout layout = toSend.get(specs);
    if (layout == null) {
      layout = newLayout(specs);
    }
    int i = 0;
    for (INDArray array : tensors.asMap().values()) {
      outgoing.add(specs.get(i), layout.bodies().get(i), array);
      i++;
    }
    List<ByteBuffer> parts = outgoing.parts(layout, microBatch);

    Account account = Account.open(allocator, 0, layout.length());
    EncodedTensors[] self = new EncodedTensors[1];
    self[0] =
        new EncodedTensors(
            layout.length(),
            parts,
            outgoing.narrowing(),
            () -> {
              open.remove(self[0]);
              account.release();
              outgoing.close();
            });
    open.add(self[0]);
    return self[0];
  }

  private MessageLayout newLayout(List<TensorSpec> specs) {
    checkSpecs(specs);
    MessageLayout layout = MessageLayouts.of(specs);
    if (layout.length() > limitBytes || layout.headLength() > MessageLayout.MAX_HEAD) {
      throw new StagecoachException(
          ErrorKind.RESOURCE,
          "A message of "
              + layout.length()
              + " bytes for "
              + specs.size()
              + " tensors is over the limit of "
              + limitBytes
              + " bytes",
          "Use smaller micro-batches, or raise the limit of a message's size");
    }
    if (toSend.size() >= CACHED_LAYOUTS) {
      toSend.clear();
    }
    toSend.put(List.copyOf(specs), layout);
    return layout;
  }

  private static void checkSpecs(List<TensorSpec> specs) {
    if (specs.size() > MessageLayout.MAX_TENSORS) {
      throw refused(specs.size() + " tensors are too many for one message");
    }
    for (TensorSpec spec : specs) {
      if (spec.name().getBytes(StandardCharsets.UTF_8).length > MessageLayout.MAX_NAME) {
        throw refused("The name of tensor " + spec.name() + " is too long for a message");
      }
      if (spec.elements() > Integer.MAX_VALUE) {
        throw refused(
            "Tensor "
                + spec.name()
                + " has "
                + spec.elements()
                + " elements, more than an Arrow list can have");
      }
    }
  }

  private TensorSpec spec(String name, INDArray array) {
    ElementType type =
        ElementType.of(array.dataType())
            .map(asItIs -> wireType.onWire(name, asItIs))
            .orElseThrow(
                () ->
                    refused("Tensor " + name + " of type " + array.dataType() + " cannot travel"));
    int rank = array.rank();
    if (rank > TensorSpec.MAX_RANK) {
      throw refused("Tensor " + name + " has " + rank + " axes, more than " + TensorSpec.MAX_RANK);
    }
    // ND4J's shapeless empty array has no shape to say so; [0] has the same elements.
    if (rank == 0 && array.isEmpty()) {
      return new TensorSpec(name, type, List.of(0L), 'c');
    }
    Long[] shape = new Long[rank];
    for (int i = 0; i < rank; i++) {
      shape[i] = array.size(i);
    }
    return new TensorSpec(name, type, List.of(shape), array.ordering());
  }

  private static StagecoachException refused(String what) {
    return new StagecoachException(
        ErrorKind.MODEL, what, "Cut the network at another layer, or change its data type");
  }

  /**
   * Decodes, and owns the buffer from here on, also if it fails. The arrays may be views of it:
   * closing the tensors gives it back, and ends the arrays.
   *
   * @throws StagecoachException PEER if it is not a message of ours or is over the limit
   */
  public TensorMessage decode(ReceiveBuffer whole) {
    List<Runnable> undo = new ArrayList<>();
    undo.add(whole::close);
    try {
      return decode(whole, undo);
    } catch (MalformedException | NumberFormatException e) {
      undo.forEach(Runnable::run);
      throw malformed(e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      undo.forEach(Runnable::run);
      throw e;
    }
  }

  private TensorMessage decode(ReceiveBuffer whole, List<Runnable> undo) throws MalformedException {
    if (whole.length() > limitBytes) {
      throw new MalformedException(
          "it has " + whole.length() + " bytes, over the limit of " + limitBytes);
    }
    ByteBuffer head = whole.view(0, MessageHeadReader.headLength(whole));
    MessageLayout layout = layout(whole, head);
    checkEnd(whole, layout);
    long id = layout.id(head);
    Account account = Account.open(allocator, whole.address(), whole.length());
    undo.add(account::release);
    List<INDArray> made = new ArrayList<>();
    undo.add(() -> made.forEach(TensorCodec::closeIfOpen));
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    for (int i = 0; i < layout.specs().size(); i++) {
      TensorSpec spec = layout.specs().get(i);
      INDArray array = array(whole, head, layout, i);
      made.add(array);
      arrays.put(spec.name(), array);
    }
    if (layout.specs().stream().allMatch(s -> s.type() == ElementType.SCALED_FLOAT16)) {
      // Nothing is a view of it.
      account.release();
      whole.close();
      return new TensorMessage(id, Tensors.of(arrays));
    }
    return new TensorMessage(id, Tensors.viewsOf(arrays, release(whole, made, account)));
  }

  private INDArray array(ReceiveBuffer whole, ByteBuffer head, MessageLayout layout, int index)
      throws MalformedException {
    TensorSpec spec = layout.specs().get(index);
    if (!wireType.sends(spec)) {
      throw new MalformedException(
          "tensor "
              + spec.name()
              + " came as "
              + spec.type()
              + ", which the wire type "
              + wireType.word()
              + " does not send");
    }
    MessageLayout.Body body = layout.bodies().get(index);
    if (spec.type() != ElementType.SCALED_FLOAT16 || body.length() == 0) {
      return ArrayMemory.array(spec, whole, body);
    }
    int exponent = layout.exponent(head, index);
    if (!ScaledHalves.isExponent(exponent)) {
      throw new MalformedException("tensor " + spec.name() + " has the exponent " + exponent);
    }
    return ScaledHalves.widen(spec, whole, body, exponent);
  }

  /** Gives everything back, once; and ends the counting if the collector had to do the rest. */
  private Runnable release(ReceiveBuffer whole, List<INDArray> arrays, Account account) {
    String owner = allocator.getName();
    long bytes = whole.length();
    Cleaner.Cleanable forgotten =
        CLEANER.register(
            whole.owner(),
            () -> {
              if (account.release()) {
                LOG.warn("{} forgot to close a message of {} bytes", owner, bytes);
              }
            });
    AtomicBoolean released = new AtomicBoolean();
    return () -> {
      if (released.compareAndSet(false, true)) {
        arrays.forEach(TensorCodec::closeIfOpen);
        account.release();
        whole.close();
        forgotten.clean();
      }
    };
  }

  private static void closeIfOpen(INDArray array) {
    if (array.closeable()) {
      array.close();
    }
  }

  private MessageLayout layout(ReceiveBuffer whole, ByteBuffer head) throws MalformedException {
    // One set of shapes per pair of lengths is remembered, which is nearly always all there are.
    Lengths lengths = new Lengths(head.remaining(), whole.length());
    MessageLayout known = received.get(lengths);
    if (known != null && known.isHead(head)) {
      return known;
    }
    byte[] bytes = new byte[head.remaining()];
    head.get(0, bytes);
    MessageLayout layout = MessageHeadReader.read(bytes, whole.length());
    if (received.size() >= CACHED_LAYOUTS) {
      received.clear();
    }
    received.put(lengths, layout);
    return layout;
  }

  private static void checkEnd(ReceiveBuffer whole, MessageLayout layout)
      throws MalformedException {
    ByteBuffer end =
        whole
            .view(layout.length() - MessageLayouts.END_BYTES, MessageLayouts.END_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    if (end.getInt(0) != -1 || end.getInt(4) != 0) {
      throw new MalformedException("it does not end where it says");
    }
  }

  private StagecoachException malformed(String why, Throwable cause) {
    return new StagecoachException(
        ErrorKind.PEER,
        "A message to " + allocator.getName() + " is malformed: " + why,
        Where.nowhere(),
        "Check that driver and executors run the same version of Stagecoach",
        cause);
  }

  /** The bytes of all messages that are encoded or decoded and not yet closed. */
  public long heldBytes() {
    return allocator.getAllocatedMemory();
  }

  /**
   * Ends the codec.
   *
   * @throws StagecoachException INTERNAL if a message is still open; its memory is left alone, as
   *     the network may be sending it
   */
  @Override
  public void close() {
    long held = heldBytes();
    if (held > 0) {
      throw new StagecoachException(
          ErrorKind.INTERNAL,
          allocator.getName()
              + " ends with messages of "
              + held
              + " bytes not closed ("
              + open.size()
              + " of them encoded)",
          "");
    }
    allocator.close();
  }
}
