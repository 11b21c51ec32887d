package iotflow.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The batches that are not acknowledged, in their order: first those that are on the way.
 *
 * <p>Only one thread at a time may append. All other methods may be called concurrently.
 */
final class BatchQueue {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final QueueFolder folder;
  private final long limit;
  private final Deque<QueueEntry> sent = new ArrayDeque<>();
  private final Deque<QueueEntry> waiting = new ArrayDeque<>();
  private long bytes;
  private int rows;
  private long last;
  private long acknowledgedRows;
  private int window = 1;

  /** Makes a queue with what the folder has, or one in memory where the folder is null. */
  BatchQueue(QueueFolder folder, long limit) {
    this.folder = folder;
    this.limit = limit;
    if (folder != null) {
      last = folder.last();
      folder.found.forEach(this::count);
      waiting.addAll(folder.found);
      folder.found.clear();
    }
  }

  /** Stores a batch as {@link #nextSequence}. Returns false where it does not fit. */
  boolean append(byte[] payload, int batchRows) throws IOException {
    if (!fits(payload.length)) {
      return false;
    }
    long sequence = nextSequence();
    QueueEntry entry =
        folder == null
            ? QueueEntry.inMemory(sequence, batchRows, payload)
            : folder.write(sequence, batchRows, payload);
    change(
        () -> {
          waiting.addLast(entry);
          last = sequence;
          count(entry);
        });
    return true;
  }

  long nextSequence() {
    return get(() -> last + 1);
  }

  long bytes() {
    return get(() -> bytes);
  }

  int rows() {
    return (int) get(() -> rows);
  }

  long acknowledgedRows() {
    return get(() -> acknowledgedRows);
  }

  /** Tells whether a payload has room. An empty queue takes every batch. */
  boolean fits(int length) {
    return get(() -> hasRoom(length) ? 1 : 0) == 1;
  }

  private boolean hasRoom(int length) {
    return sent.isEmpty() && waiting.isEmpty() || bytes + QueueEntry.sizeOf(length) <= limit;
  }

  /** Waits until a payload of this length fits, or `over` is true. */
  void awaitRoom(int length, Deadline deadline, BooleanSupplier over) {
    await(deadline, () -> hasRoom(length) || over.getAsBoolean());
  }

  /** Waits until every batch up to the sequence has left the queue, or `over` is true. */
  void awaitAcknowledgement(long sequence, Deadline deadline, BooleanSupplier over) {
    await(deadline, () -> oldest() > sequence || over.getAsBoolean());
  }

  /** Waits for a time, or until `over` is true. */
  void pause(Deadline end, BooleanSupplier over) {
    lock.lock();
    try {
      while (!over.getAsBoolean() && end.nanos() > 0) {
        changed.awaitNanos(end.nanos());
      }
    } catch (InterruptedException interruption) {
      throw IotflowException.interrupted(interruption);
    } finally {
      lock.unlock();
    }
  }

  /** Lets everything that waits look again. */
  void wake() {
    change(() -> {});
  }

  /** Begins a stream: nothing is on the way, and one batch may be. */
  void rewind() {
    change(
        () -> {
          while (!sent.isEmpty()) {
            waiting.addFirst(sent.pollLast());
          }
          window = 1;
        });
  }

  /** Sets the number of batches that may be on the way. */
  void widen(int batches) {
    change(() -> window = batches);
  }

  /**
   * Waits for a batch that may be sent while `ready` is true, and counts it as on the way. Returns
   * null when `over` is true.
   */
  QueueEntry next(BooleanSupplier ready, BooleanSupplier over) {
    lock.lock();
    try {
      while (!over.getAsBoolean()) {
        if (!waiting.isEmpty() && sent.size() < window && ready.getAsBoolean()) {
          sent.addLast(waiting.pollFirst());
          return sent.peekLast();
        }
        changed.await();
      }
      return null;
    } catch (InterruptedException interruption) {
      throw IotflowException.interrupted(interruption);
    } finally {
      lock.unlock();
    }
  }

  /** Returns the batch on the way where there is only one, or null. */
  QueueEntry alone() {
    lock.lock();
    try {
      return sent.size() == 1 ? sent.peekFirst() : null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the highest sequence on the way, or 0. */
  long highestSent() {
    return get(() -> sent.isEmpty() ? 0 : sent.peekLast().sequence);
  }

  /** Removes the batches on the way up to the sequence, and returns the number of their rows. */
  int acknowledge(long sequence) {
    return remove(
        removed -> {
          while (!sent.isEmpty() && sent.peekFirst().sequence <= sequence) {
            acknowledgedRows += sent.peekFirst().rows;
            removed.add(sent.pollFirst());
          }
        });
  }

  /** Gives up one batch on the way. */
  void remove(QueueEntry entry) {
    remove(
        removed -> {
          if (sent.remove(entry)) {
            removed.add(entry);
          }
        });
  }

  /**
   * Removes the oldest batches that are not on the way until the payload fits, and returns the
   * number of their rows. wholeSegment: and all others of the same segment, so that the disk gets
   * room.
   */
  int dropOldest(int length, boolean wholeSegment) {
    return remove(
        removed -> {
          long excess = bytes + QueueEntry.sizeOf(length) - limit;
          Segment first = waiting.isEmpty() ? null : waiting.peekFirst().segment;
          while (!waiting.isEmpty()
              && (excess > 0 || wholeSegment && waiting.peekFirst().segment == first)) {
            excess -= waiting.peekFirst().size();
            removed.add(waiting.pollFirst());
          }
        });
  }

  private void count(QueueEntry entry) {
    bytes += entry.size();
    rows += entry.rows;
  }

  private long oldest() {
    QueueEntry first = sent.isEmpty() ? waiting.peekFirst() : sent.peekFirst();
    return first == null ? last + 1 : first.sequence;
  }

  /** Removes the batches that `choose` has put into its list, and returns the number of rows. */
  private int remove(Consumer<List<QueueEntry>> choose) {
    List<QueueEntry> removed = new ArrayList<>();
    int gone = 0;
    long floor;
    lock.lock();
    try {
      choose.accept(removed);
      for (QueueEntry entry : removed) {
        bytes -= entry.size();
        gone += entry.rows;
      }
      rows -= gone;
      floor = oldest() - 1;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    if (folder != null && !removed.isEmpty()) {
      folder.release(removed, floor);
    }
    return gone;
  }

  /** Waits until `done` is true, which wake() lets it look at again. */
  void await(Deadline deadline, BooleanSupplier done) {
    try {
      lock.lockInterruptibly();
      try {
        while (!done.getAsBoolean()) {
          if (deadline.nanos() <= 0) {
            throw IotflowException.deadlineExceeded();
          }
          changed.await(deadline.nanos(), TimeUnit.NANOSECONDS);
        }
      } finally {
        lock.unlock();
      }
    } catch (InterruptedException interruption) {
      throw IotflowException.interrupted(interruption);
    }
  }

  private void change(Runnable change) {
    lock.lock();
    try {
      change.run();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private long get(LongSupplier value) {
    lock.lock();
    try {
      return value.getAsLong();
    } finally {
      lock.unlock();
    }
  }
}
