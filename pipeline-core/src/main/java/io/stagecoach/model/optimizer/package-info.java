/** How fast a model learns and how its weights decay, over any model. */
package io.stagecoach.model.optimizer;
