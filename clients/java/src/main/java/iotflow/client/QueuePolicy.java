package iotflow.client;

/** Decides about a new batch while the queue is full. */
public enum QueuePolicy {
  /** The caller waits. */
  WAIT,
  /** The call fails with the reason {@code QUEUE_FULL}, which is retryable. */
  REFUSE,
  /** The oldest batches that are not on the way make room. */
  DROP_OLDEST,
  /** The new batch is dropped. */
  DROP_NEWEST,
  /**
   * From half of the limit on, every 2nd row is kept; from three quarters on, every 4th; from seven
   * eighths on, every 8th; at the limit, none.
   */
  SAMPLE;

  /** Returns n where every n-th row is kept. */
  int stride(long queued, long limit) {
    if (this != SAMPLE || queued < limit / 2) {
      return 1;
    }
    if (queued < limit / 4 * 3) {
      return 2;
    }
    return queued < limit / 8 * 7 ? 4 : 8;
  }
}
