/** What passes and hops take, measured: times of layers by micro-batch size, and of messages. */
package io.stagecoach.engine.profile;
