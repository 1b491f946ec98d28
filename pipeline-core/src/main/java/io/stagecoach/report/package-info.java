/** What a run did: spans, bubble, bytes, tables. */
package io.stagecoach.report;
