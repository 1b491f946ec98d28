/** The stage runtime: interprets a schedule's actions over a stage module and an exchange. */
package io.stagecoach.stage;
