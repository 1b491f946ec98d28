package io.stagecoach.engine.dl4j;

import io.stagecoach.error.ErrorKind;
import io.stagecoach.error.StagecoachException;
import io.stagecoach.model.SharedParameter;
import io.stagecoach.model.SharesParameters;
import java.util.Map;
import java.util.TreeMap;

/** Finds the nodes whose parameters others share. */
final class SharedOwners {

  private SharedOwners() {}

  /**
   * The parameters that a node shares: by its own name for each, in the order of these, the name in
   * the model of the one that it is a use of.
   *
   * @throws StagecoachException MODEL where the model has no layer of the owner's name
   */
  static Map<String, String> of(Dl4jModel model, ModelNode node) {
    Map<String, String> owners = new TreeMap<>();
    node.layer()
        .filter(SharesParameters.class::isInstance)
        .map(SharesParameters.class::cast)
        .ifPresent(
            layer ->
                layer
                    .sharedParameters()
                    .forEach((own, shared) -> owners.put(own, owner(model, shared))));
    return owners;
  }

  private static String owner(Dl4jModel model, SharedParameter shared) {
    return model.nodes().stream()
        .filter(node -> isCalled(node, shared.layer()))
        .findFirst()
        .map(node -> Layouts.name(node.name(), shared.parameter()))
        .orElseThrow(() -> missing(shared.layer() + "'s " + shared.parameter()));
  }

  private static boolean isCalled(ModelNode node, String layer) {
    return node.layer().filter(found -> layer.equals(found.getLayerName())).isPresent();
  }

  static StagecoachException missing(String owner) {
    return new StagecoachException(
        ErrorKind.MODEL,
        "A layer shares " + owner + ", which the network does not have",
        "Name the layer that owns it, and give that layer this name.");
  }
}
