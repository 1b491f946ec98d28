package io.stagecoach.model.gpt;

import java.util.List;

/** A layer configuration that lists its parameters. */
interface HasParameters {

  /** Its parameters, in the order of the flat vector. */
  List<Parameter> parameters();
}
