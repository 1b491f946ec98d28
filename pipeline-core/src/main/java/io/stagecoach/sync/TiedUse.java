package io.stagecoach.sync;

import io.stagecoach.engine.ParameterLayout;
import io.stagecoach.engine.ParameterLayout.View;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * One use of a parameter that is elsewhere: its gradients go to the owner, whose new weights come
 * back.
 *
 * @param parameter the shared parameter, by its name in the model
 * @param owner the stage whose own it is
 * @param user the stage that has the copy; it may be the same one
 * @param copy what the copy is called there
 */
public record TiedUse(String parameter, int owner, int user, String copy) implements Serializable {

  /**
   * All uses, in the order in which their gradients are added to the owner's: by stage, and within
   * a stage in its order.
   *
   * @param stages the stages' layouts, in order
   */
  public static List<TiedUse> of(List<ParameterLayout> stages) {
    Map<String, Integer> owners = new HashMap<>();
    for (int stage = 0; stage < stages.size(); stage++) {
      for (View view : stages.get(stage).views()) {
        if (!view.isCopy()) {
          owners.put(view.name(), stage);
        }
      }
    }
    List<TiedUse> uses = new ArrayList<>();
    for (int stage = 0; stage < stages.size(); stage++) {
      for (View view : stages.get(stage).views()) {
        if (view.isCopy() && view.length() > 0) {
          uses.add(new TiedUse(view.copyOf(), owners.get(view.copyOf()), stage, view.name()));
        }
      }
    }
    return uses;
  }
}
