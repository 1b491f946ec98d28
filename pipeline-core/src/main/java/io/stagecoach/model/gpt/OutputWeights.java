package io.stagecoach.model.gpt;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Where an output layer has its weights, and where it leaves their gradient. */
interface OutputWeights {

  /** Its own. */
  OutputWeights OWN =
      new OutputWeights() {
        @Override
        public INDArray weights(Map<String, INDArray> parameters) {
          return parameters.get("W");
        }

        @Override
        public INDArray gradient(Map<String, INDArray> gradients) {
          return gradients.get("W");
        }
      };

  /**
   * The weights, [vocabulary, width].
   *
   * @param parameters the layer's own
   */
  INDArray weights(Map<String, INDArray> parameters);

  /**
   * Where their gradient is to be written now.
   *
   * @param gradients the layer's own
   */
  INDArray gradient(Map<String, INDArray> gradients);

  /** Those of an embedding. */
  record Tied(TokenEmbeddingRuntime owner, int user) implements OutputWeights {

    @Override
    public INDArray weights(Map<String, INDArray> parameters) {
      return owner.tokenWeights();
    }

    @Override
    public INDArray gradient(Map<String, INDArray> gradients) {
      return owner.sharedGradient(user).write();
    }
  }
}
