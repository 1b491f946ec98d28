package io.stagecoach.model;

/**
 * A setting of a preset.
 *
 * @param name its name
 * @param defaultValue the value where none is given, as text
 * @param allowed what values are allowed, in words
 * @param meaning what it sets, one sentence
 */
public record PresetSetting(String name, String defaultValue, String allowed, String meaning) {}
