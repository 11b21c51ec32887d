package iotflow.client;

import java.time.Duration;

/**
 * Receives the numbers of writers, for example to export them to Prometheus. Methods are called by
 * several threads, and must return soon. What they throw is logged, and has no other effect.
 */
public interface Metrics {
  /** Counts rows that a writer took. */
  default void rowsAdded(int rows) {}

  /** Counts rows that the server has processed. */
  default void rowsAcknowledged(int rows) {}

  /** Counts rejected rows or values. */
  default void valuesRejected(int count, String reason) {}

  /** Counts rows that the policy of the queue left out. */
  default void rowsDropped(int rows, String reason) {}

  /** Counts failures of a stream, with the pause before the next attempt. */
  default void interrupted(IotflowException error, Duration pause) {}

  /** Tells the size of a writer's queue when it changes. */
  default void queued(int rows, long bytes) {}
}
