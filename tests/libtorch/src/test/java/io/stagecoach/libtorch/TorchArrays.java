package io.stagecoach.libtorch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Numbers from ND4J to libtorch and back. */
public final class TorchArrays {

  private TorchArrays() {}

  /** A copy of an array, which libtorch differentiates by. */
  public static Tensor variable(INDArray array) {
    return copy(array).requires_grad_(true);
  }

  /** A copy of an array of floats or doubles. */
  public static Tensor copy(INDArray array) {
    INDArray source = array.dup('c');
    torch.ScalarType type =
        array.dataType() == DataType.DOUBLE ? torch.ScalarType.Double : torch.ScalarType.Float;
    return torch
        .from_blob(source.data().addressPointer(), source.shape(), new TensorOptions(type))
        .clone();
  }

  /** A copy of a tensor, as doubles. */
  public static INDArray array(Tensor tensor) {
    Tensor doubles = tensor.detach().to(torch.ScalarType.Double).contiguous();
    double[] numbers = new double[Math.toIntExact(doubles.numel())];
    doubles.data_ptr_double().get(numbers);
    long[] shape = new long[Math.toIntExact(doubles.dim())];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = doubles.size(i);
    }
    return Nd4j.createFromArray(numbers).reshape('c', shape);
  }
}
