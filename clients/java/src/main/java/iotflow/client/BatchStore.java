package iotflow.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Moves ended batches into the queue. Batches that wait for the server's time stay here until it is
 * known. One thread at a time uses it.
 */
final class BatchStore {
  private final BatchQueue queue;
  private final QueueFolder folder;
  private final long limit;
  private final ServerClock clock;
  private final WriterEvents events;
  private final WriterState state;

  /** Together they are bounded by the limit of the queue. */
  private final Deque<OpenBatch> early = new ArrayDeque<>();

  private final AtomicInteger earlyRows = new AtomicInteger();
  private long earlyBytes;

  /** Why the disk takes no batch. null: it does. */
  private volatile IOException diskFailure;

  BatchStore(
      BatchQueue queue,
      QueueFolder folder,
      long limit,
      ServerClock clock,
      WriterEvents events,
      WriterState state) {
    this.queue = queue;
    this.folder = folder;
    this.limit = limit;
    this.clock = clock;
    this.events = events;
    this.state = state;
  }

  BatchQueue queue() {
    return queue;
  }

  /** Why the disk takes no batch. null: it does. */
  IOException diskFailure() {
    return diskFailure;
  }

  int earlyRows() {
    return earlyRows.get();
  }

  /** Returns null where the batch is stored. It must not change then. */
  Obstacle append(OpenBatch batch) {
    if (batch.isRelative() && clock.isKnown() && early.isEmpty()) {
      batch.shift(clock.offsetMillis());
    }
    return batch.isRelative() || !early.isEmpty() ? appendEarly(batch) : appendToQueue(batch);
  }

  private Obstacle appendEarly(OpenBatch batch) {
    if (earlyBytes + batch.size() > limit) {
      return Obstacle.FULL;
    }
    early.addLast(batch);
    earlyBytes += batch.size();
    earlyRows.addAndGet(batch.rows());
    return null;
  }

  private Obstacle appendToQueue(OpenBatch batch) {
    try {
      byte[] payload = BatchEncoder.encode(batch, queue.nextSequence());
      if (!queue.append(payload, batch.rows())) {
        return Obstacle.FULL;
      }
    } catch (IOException failure) {
      // Once, and not with each attempt: callers may wait for its end without limit.
      if (diskFailure == null) {
        events.diskFailed(failure);
      }
      diskFailure = failure;
      return new Obstacle(failure);
    }
    diskFailure = null;
    events.queued(queue);
    return null;
  }

  /** Waits for the server's time where batches need it, and moves them into the queue. */
  void releaseEarly(Deadline deadline, OpenBatch open) {
    if (early.isEmpty() && !open.isRelative()) {
      return;
    }
    queue.await(deadline, () -> clock.isKnown() || state.isOver());
    state.check();
    while (!early.isEmpty()) {
      OpenBatch first = early.peekFirst();
      first.shift(clock.offsetMillis());
      Obstacle obstacle = appendToQueue(first);
      if (obstacle == null) {
        early.removeFirst();
        earlyBytes -= first.size();
        earlyRows.addAndGet(-first.rows());
      } else {
        awaitQueue(first, obstacle, deadline);
      }
    }
    open.shift(clock.offsetMillis());
  }

  /** Waits for room, or for another try of the disk. */
  void awaitRoom(OpenBatch open, Obstacle obstacle, Deadline deadline) {
    if (obstacle.isFull() && !early.isEmpty()) {
      releaseEarly(deadline, open);
    } else {
      awaitQueue(open, obstacle, deadline);
    }
  }

  private void awaitQueue(OpenBatch batch, Obstacle obstacle, Deadline deadline) {
    if (obstacle.isFull()) {
      queue.awaitRoom(batch.size(), deadline, state::isOver);
    } else if (deadline.nanos() <= 0) {
      throw IotflowException.deadlineExceeded();
    } else {
      queue.pause(deadline.sooner(Intake.RETRY), state::isOver);
    }
    state.check();
  }

  /**
   * Drops the oldest batches. An error of the disk other than a lack of space is no reason to drop
   * them.
   */
  boolean makeRoom(int size, Obstacle obstacle) {
    if (!obstacle.isFull() && !folder.isOutOfSpace(size)) {
      return false;
    }
    int rows = queue.dropOldest(size, !obstacle.isFull());
    if (rows > 0) {
      events.dropped(rows, obstacle.reason());
    }
    return rows > 0;
  }
}
