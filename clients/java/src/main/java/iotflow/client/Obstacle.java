package iotflow.client;

import java.io.IOException;

/** Why the queue did not take a batch. */
final class Obstacle {
  static final Obstacle FULL = new Obstacle(null);

  private final IOException failure;

  /** failure: the error of the disk, or null where the queue is full. */
  Obstacle(IOException failure) {
    this.failure = failure;
  }

  boolean isFull() {
    return failure == null;
  }

  String reason() {
    return isFull() ? Dropped.QUEUE_FULL : Dropped.DISK_FULL;
  }

  String message() {
    return isFull()
        ? "The queue is full. Add the rows again later."
        : "The disk did not take the batch: "
            + failure.getMessage()
            + ". Add the rows again later.";
  }
}
