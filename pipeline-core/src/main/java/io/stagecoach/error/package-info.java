/** The typed errors that every room throws: what happened, where, and what to do about it. */
package io.stagecoach.error;
