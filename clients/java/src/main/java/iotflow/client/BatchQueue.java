package iotflow.client;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * The batches that are not acknowledged, in their order: first those that are on the way.
 *
 * <p>Only one thread at a time may append. All other methods may be called concurrently.
 */
final class BatchQueue {
  private final Monitor monitor = new Monitor();
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
      folder.takeFound().forEach(this::addLast);
    }
  }

  /** Stores a batch as {@link #nextSequence}. Returns false where it does not fit. */
  boolean append(byte[] payload, int batchRows) throws IOException {
    if (monitor.get(() -> hasRoom(payload.length) ? 1 : 0) == 0) {
      return false;
    }
    long sequence = nextSequence();
    QueueEntry entry =
        folder == null
            ? QueueEntry.inMemory(sequence, batchRows, payload)
            : folder.write(sequence, batchRows, payload);
    monitor.change(
        () -> {
          last = sequence;
          addLast(entry);
        });
    return true;
  }

  long nextSequence() {
    return monitor.get(() -> last + 1);
  }

  long bytes() {
    return monitor.get(() -> bytes);
  }

  int rows() {
    return (int) monitor.get(() -> rows);
  }

  long acknowledgedRows() {
    return monitor.get(() -> acknowledgedRows);
  }

  /** Waits until a payload of this length fits, or `over` is true. An empty queue takes all. */
  void awaitRoom(int length, Deadline deadline, BooleanSupplier over) {
    await(deadline, () -> hasRoom(length) || over.getAsBoolean());
  }

  /** Waits until every batch up to the sequence has left the queue, or `over` is true. */
  void awaitAcknowledgement(long sequence, Deadline deadline, BooleanSupplier over) {
    await(deadline, () -> oldest() > sequence || over.getAsBoolean());
  }

  /** Waits until `done` is true, which {@link #wake} lets it look at again. */
  void await(Deadline deadline, BooleanSupplier done) {
    if (!monitor.await(deadline, done)) {
      throw IotflowException.deadlineExceeded();
    }
  }

  /** Waits for a time, or until `over` is true. */
  void pause(Deadline end, BooleanSupplier over) {
    monitor.await(end, over);
  }

  /** Lets everything that waits look again. */
  void wake() {
    monitor.change(() -> {});
  }

  /** Begins a stream: nothing is on the way, and one batch may be. */
  void rewind() {
    monitor.change(
        () -> {
          while (!sent.isEmpty()) {
            waiting.addFirst(sent.pollLast());
          }
          window = 1;
        });
  }

  /** Sets the number of batches that may be on the way. */
  void widen(int batches) {
    monitor.change(() -> window = batches);
  }

  /**
   * Waits for a batch that may be sent while `ready` is true, and counts it as on the way. Returns
   * null when `over` is true.
   */
  QueueEntry next(BooleanSupplier ready, BooleanSupplier over) {
    QueueEntry[] next = {null};
    await(
        Deadline.never(),
        () -> {
          if (!over.getAsBoolean() && sent.size() < window && ready.getAsBoolean()) {
            next[0] = waiting.pollFirst();
          }
          if (next[0] != null) {
            sent.addLast(next[0]);
          }
          return next[0] != null || over.getAsBoolean();
        });
    return next[0];
  }

  /** Returns the batch on the way where there is only one, or null. */
  QueueEntry alone() {
    QueueEntry[] alone = {null};
    monitor.change(() -> alone[0] = sent.size() == 1 ? sent.peekFirst() : null);
    return alone[0];
  }

  /** Returns the highest sequence on the way, or 0. */
  long highestSent() {
    return monitor.get(() -> sent.isEmpty() ? 0 : sent.peekLast().sequence);
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

  /** Removes the batches that `choose` has put into its list, and returns the number of rows. */
  private int remove(Consumer<List<QueueEntry>> choose) {
    List<QueueEntry> removed = new ArrayList<>();
    monitor.change(
        () -> {
          choose.accept(removed);
          for (QueueEntry entry : removed) {
            bytes -= entry.size();
            rows -= entry.rows;
          }
          if (folder != null && !removed.isEmpty()) {
            // Before a flush returns, so that the next process does not send them again.
            folder.release(removed, oldest() - 1);
          }
        });
    return removed.stream().mapToInt(entry -> entry.rows).sum();
  }

  private void addLast(QueueEntry entry) {
    waiting.addLast(entry);
    bytes += entry.size();
    rows += entry.rows;
  }

  private boolean hasRoom(int length) {
    return sent.isEmpty() && waiting.isEmpty() || bytes + QueueEntry.sizeOf(length) <= limit;
  }

  /** The first sequence in the queue, or the next one where it is empty. */
  private long oldest() {
    QueueEntry first = sent.isEmpty() ? waiting.peekFirst() : sent.peekFirst();
    return first == null ? last + 1 : first.sequence;
  }
}
