package io.stagecoach.model;

import java.io.Serializable;

/**
 * The parameter that others share: where its weights, its gradient and its updater state are.
 *
 * @param layer the name of the layer that owns it
 * @param parameter the owner's own name for it
 */
public record SharedParameter(String layer, String parameter) implements Serializable {}
