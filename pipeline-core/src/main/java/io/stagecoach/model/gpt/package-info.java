/**
 * A GPT as DL4J layers: token and position embedding, pre-norm transformer blocks, final norm, tied
 * output. Usable in plain DL4J, and in stages.
 */
package io.stagecoach.model.gpt;
