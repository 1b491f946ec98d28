package io.stagecoach.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.stagecoach.libtorch.TorchArrays;
import io.stagecoach.libtorch.TorchBlock;
import io.stagecoach.model.gpt.BlockDropouts;
import io.stagecoach.model.gpt.BlockMath;
import io.stagecoach.model.gpt.BlockShape;
import io.stagecoach.model.gpt.BlockWeights;
import io.stagecoach.model.gpt.ComputePaths;
import io.stagecoach.model.gpt.TransformerBlock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Time of one transformer block, forward and backward, one thread: by the CPU path of the GPT's
 * layers, by its DL4J layer, and by libtorch, which has the same BLAS in the same process. Beside
 * them the rate of a plain product of the block's size. All take turns; times are medians.
 *
 * <p>Operations are counted for the products only, attention's as if it were not causal, and
 * backward as twice forward. The argument is the JSON file to write.
 */
public final class BlockBenchmark {

  private static final int EXAMPLES = 8;
  private static final int TIME = 128;
  private static final int HEADS = 8;
  private static final int WARM_UP = 60;
  private static final int ROUNDS = 60;
  private static final int PRODUCTS = 10;

  /** One of the things that are timed. */
  private record Side(String name, double operations, Runnable run, List<Long> nanos) {

    Side(String name, double operations, Runnable run) {
      this(name, operations, run, new ArrayList<>());
    }

    void time() {
      long start = System.nanoTime();
      run.run();
      nanos.add(System.nanoTime() - start);
    }

    double medianMillis() {
      long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return sorted[sorted.length / 2] / 1e6;
    }

    double gigaflops() {
      return operations / medianMillis() / 1e6;
    }
  }

  private BlockBenchmark() {}

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    torch.set_num_threads(1);
    openblas_nolapack.blas_set_num_threads(1);
    List<Map<String, Object>> rows = new ArrayList<>();
    System.out.println("| width | side | ms | GFLOPS | share of gemm | of libtorch's time |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    for (int width : new int[] {256, 512}) {
      rows.addAll(measure(width));
    }
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("examples", EXAMPLES);
    report.put("time", TIME);
    report.put("heads", HEADS);
    report.put(
        "openblasCoreType", Optional.ofNullable(System.getenv("OPENBLAS_CORETYPE")).orElse(""));
    report.put("rows", rows);
    Path out = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(out.getParent());
    new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(out.toFile(), report);
    System.exit(0);
  }

  private static List<Map<String, Object>> measure(int width) {
    BlockShape shape = new BlockShape(EXAMPLES, TIME, width, HEADS, 4 * width);
    Layer layer = layer(width);
    INDArray x = Nd4j.randn(DataType.FLOAT, EXAMPLES, TIME, width);
    INDArray gradient = Nd4j.randn(DataType.FLOAT, EXAMPLES, TIME, width);
    double operations = operations(shape);
    Side gemm = new Side("gemm", PRODUCTS * 2.0 * shape.rows() * width * 4 * width, gemm(shape));
    Side block = new Side("CPU path", operations, block(shape, x, gradient));
    Side dl4j = new Side("DL4J layer", operations, () -> pass(layer, x, gradient));
    Side libtorch = new Side("libtorch", operations, libtorch(shape, x, gradient));
    List<Side> sides = List.of(gemm, block, dl4j, libtorch);
    for (int i = 0; i < WARM_UP; i++) {
      sides.forEach(side -> side.run().run());
    }
    for (int i = 0; i < ROUNDS; i++) {
      sides.forEach(Side::time);
    }
    return sides.stream().map(side -> row(width, side, gemm, libtorch)).toList();
  }

  private static Map<String, Object> row(int width, Side side, Side gemm, Side libtorch) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("width", width);
    row.put("side", side.name());
    row.put("medianMillis", side.medianMillis());
    row.put("gigaflops", side.gigaflops());
    row.put("shareOfGemm", side.gigaflops() / gemm.gigaflops());
    row.put("ofLibtorchTime", side.medianMillis() / libtorch.medianMillis());
    String last = side.equals(gemm) ? "-" : format("%.2f", row.get("ofLibtorchTime"));
    System.out.println(
        format(
            "| %d | %s | %.2f | %.1f | %.2f | %s |",
            width,
            side.name(),
            side.medianMillis(),
            side.gigaflops(),
            row.get("shareOfGemm"),
            last));
    return row;
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }

  /** Of forward and backward. */
  private static double operations(BlockShape shape) {
    double width = shape.width();
    double linear = 2.0 * shape.rows() * (4 * width * width + 2 * width * shape.hidden());
    double attention = 4.0 * shape.rows() * shape.time() * width;
    return 3 * (linear + attention);
  }

  private static Runnable gemm(BlockShape shape) {
    int rows = shape.rows();
    int inner = shape.width();
    int outer = shape.hidden();
    FloatPointer a = random((long) rows * inner);
    FloatPointer b = random((long) inner * outer);
    FloatPointer c = random((long) rows * outer);
    return () -> {
      for (int i = 0; i < PRODUCTS; i++) {
        openblas_nolapack.cblas_sgemm(
            openblas_nolapack.CblasRowMajor,
            openblas_nolapack.CblasNoTrans,
            openblas_nolapack.CblasNoTrans,
            rows,
            outer,
            inner,
            1,
            a,
            inner,
            b,
            outer,
            0,
            c,
            outer);
      }
    };
  }

  private static FloatPointer random(long length) {
    return new FloatPointer(Nd4j.randn(DataType.FLOAT, length).toFloatVector());
  }

  private static Runnable block(BlockShape shape, INDArray x, INDArray gradient) {
    BlockMath math = ComputePaths.of(DataType.FLOAT).block();
    BlockWeights weights = TrialWeights.random(shape);
    BlockWeights gradients = TrialWeights.random(shape);
    INDArray y = Nd4j.createUninitialized(DataType.FLOAT, x.shape(), 'c');
    INDArray given = Nd4j.createUninitialized(DataType.FLOAT, x.shape(), 'c');
    INDArray inputGradient = Nd4j.createUninitialized(DataType.FLOAT, x.shape(), 'c');
    LentMemory memory = new LentMemory();
    return () -> {
      memory.takeBack();
      given.assign(gradient);
      math.forward(shape, weights, x, y, BlockDropouts.NONE, memory)
          .backward(given, inputGradient, gradients, memory);
    };
  }

  private static Layer layer(int width) {
    NeuralNetConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .dataType(DataType.FLOAT)
            .layer(new TransformerBlock.Builder(width, HEADS).build())
            .build();
    org.deeplearning4j.nn.conf.layers.Layer layer = configuration.getLayer();
    long length = layer.initializer().numParams(configuration);
    Layer runtime =
        layer.instantiate(
            configuration,
            List.of(),
            0,
            Nd4j.create(DataType.FLOAT, 1, length),
            true,
            DataType.FLOAT);
    runtime.setBackpropGradientsViewArray(Nd4j.create(DataType.FLOAT, 1, length));
    return runtime;
  }

  private static void pass(Layer layer, INDArray x, INDArray gradient) {
    LayerWorkspaceMgr memory = LayerWorkspaceMgr.noWorkspaces();
    layer.setInput(x, memory);
    layer.activate(true, memory);
    layer.backpropGradient(gradient.dup(), memory);
  }

  private static Runnable libtorch(BlockShape shape, INDArray x, INDArray gradient) {
    TorchBlock block = new TorchBlock(shape, TrialWeights.random(shape));
    Tensor input = TorchArrays.variable(x);
    Tensor outputGradient = TorchArrays.copy(gradient);
    return () -> {
      // Frees what the pass made.
      PointerScope scope = new PointerScope();
      try {
        block.clearGradients();
        input.mutable_grad().reset();
        block
            .forward(input)
            .backward(outputGradient, new BoolOptional(), false, new TensorArrayRefOptional());
      } finally {
        scope.close();
      }
    };
  }
}
