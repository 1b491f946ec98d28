/** Ready models as DL4J configurations, and tokenizers. */
package io.stagecoach.model;
