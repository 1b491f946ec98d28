/**
 * Texts as sequences of tokens: tokenizers, how one is trained, and how a model's text is drawn.
 */
package io.stagecoach.model.text;
