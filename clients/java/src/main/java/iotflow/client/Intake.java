package iotflow.client;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/** Takes rows into the open batch, and moves it into the queue when it is full. */
final class Intake {
  /** The pause after an error of the disk while callers wait, and of an aged batch without room. */
  static final Duration RETRY = Duration.ofSeconds(1);

  private final WriterOptions options;
  private final WriterEvents events;
  private final WriterState state;
  private final BatchStore store;
  private final ServerClock clock;

  /** Held by the thread that changes the open batch, also while it waits for room. */
  private final ReentrantLock batching = new ReentrantLock();

  private final AtomicInteger openRows = new AtomicInteger();

  /** A batch fits into the queue. */
  private final int batchBytes;

  private final Row scratch = new Row();
  private final Aging aging;
  private OpenBatch open = new OpenBatch();
  private int sampled;

  Intake(
      WriterOptions options,
      WriterEvents events,
      WriterState state,
      BatchStore store,
      ServerClock clock) {
    this.options = options;
    this.events = events;
    this.state = state;
    this.store = store;
    this.clock = clock;
    batchBytes = (int) Math.min(options.batchBytes, options.queueLimit);
    aging = new Aging(options.batchAge, this::sealAged);
  }

  /** The rows that are in no queue yet. */
  int openRows() {
    return openRows.get() + store.earlyRows();
  }

  void add(Row row) {
    enter(Deadline.never());
    try {
      state.checkAdding();
      if (row.hasTime) {
        add(row, row.time, false);
      } else if (clock == null) {
        add(row, System.currentTimeMillis(), false);
      } else {
        boolean relative = !clock.isKnown();
        add(row, clock.elapsedMillis() + (relative ? 0 : clock.offsetMillis()), relative);
      }
    } finally {
      batching.unlock();
    }
  }

  void add(Columns columns) {
    columns.check();
    enter(Deadline.never());
    try {
      state.checkAdding();
      for (int row = 0; row < columns.rows(); row++) {
        columns.copy(row, scratch.clear());
        add(scratch, columns.time(row), false);
      }
    } finally {
      batching.unlock();
    }
  }

  /** Moves everything into the queue, and returns its last sequence. */
  long flush(Deadline deadline) {
    enter(deadline);
    try {
      store.releaseEarly(deadline, open);
      seal(deadline, PolicyRule.Cause.FLUSH);
      return store.queue().nextSequence() - 1;
    } finally {
      batching.unlock();
    }
  }

  /** Moves what waited for the server's time into the queue. */
  void releaseEarly() {
    enter(Deadline.never());
    try {
      store.releaseEarly(Deadline.never(), open);
    } finally {
      batching.unlock();
    }
  }

  /** Ends the aging, and moves the open batch into a queue on disk. */
  void close() {
    aging.close();
    batching.lock();
    try {
      if (options.folder != null && open.rows() > 0 && !open.isRelative()) {
        append();
      }
    } finally {
      batching.unlock();
    }
  }

  private void enter(Deadline deadline) {
    try {
      if (!batching.tryLock(deadline.nanos(), TimeUnit.NANOSECONDS)) {
        throw IotflowException.deadlineExceeded();
      }
    } catch (InterruptedException interruption) {
      throw IotflowException.interrupted(interruption);
    }
    if (state.isOver()) {
      batching.unlock();
      state.check();
    }
  }

  /** The open batch ends before a row that does not fit, and after one that makes it full. */
  private void add(Row row, long time, boolean relative) {
    if (row.size == 0) {
      return;
    }
    if (open.rows() > 0 && !hasRoom(row, relative)) {
      seal(Deadline.never(), PolicyRule.Cause.ADD);
    }
    if (open.rows() > 0 && !hasRoom(row, relative) || isLeftOut()) {
      events.dropped(1, Dropped.QUEUE_FULL);
      return;
    }
    open.add(row, time, relative);
    openRows.incrementAndGet();
    if (open.rows() == 1) {
      aging.begin();
    }
    events.added(1);
    if (open.rows() >= options.batchRows || open.size() >= batchBytes) {
      seal(Deadline.never(), PolicyRule.Cause.ADD);
    }
  }

  private boolean hasRoom(Row row, boolean relative) {
    return open.rows() < options.batchRows
        && open.accepts(row, relative)
        && open.size() + open.growth(row) <= batchBytes;
  }

  /** Whether the policy `sample` leaves out the next row. */
  private boolean isLeftOut() {
    if (options.policy != QueuePolicy.SAMPLE) {
      return false;
    }
    sampled++;
    return sampled % options.policy.stride(store.queue().bytes(), options.queueLimit) != 0;
  }

  /** Moves the open batch into the queue. While there is no room, the policy decides. */
  private void seal(Deadline deadline, PolicyRule.Cause cause) {
    while (open.rows() > 0) {
      Obstacle obstacle = append();
      if (obstacle != null && !overcome(obstacle, deadline, cause)) {
        return;
      }
    }
  }

  private Obstacle append() {
    int rows = open.rows();
    Obstacle obstacle = store.append(open);
    if (obstacle == null) {
      open = new OpenBatch();
      openRows.addAndGet(-rows);
    }
    return obstacle;
  }

  /** Returns false where the batch stays open. */
  private boolean overcome(Obstacle obstacle, Deadline deadline, PolicyRule.Cause cause) {
    switch (PolicyRule.decide(options.policy, obstacle, cause)) {
      case WAIT:
        store.awaitRoom(open, obstacle, deadline);
        return true;
      case REFUSE:
        throw IotflowException.queueFull(obstacle.message());
      case DROP_OLDEST:
        if (!store.makeRoom(open.size(), obstacle)) {
          dropOpen(obstacle);
        }
        return true;
      case DROP_NEW:
        dropOpen(obstacle);
        return true;
      default:
        return false;
    }
  }

  private void dropOpen(Obstacle obstacle) {
    int rows = open.rows();
    open = new OpenBatch();
    openRows.addAndGet(-rows);
    events.dropped(rows, obstacle.reason());
  }

  /** Returns the time until the next look, or null where no batch is open. */
  private Duration sealAged() {
    batching.lock();
    try {
      Duration rest = options.batchAge.minusNanos(open.ageNanos());
      if (open.rows() == 0 || state.isOver()) {
        return null;
      }
      if (rest.isNegative() || rest.isZero()) {
        seal(Deadline.never(), PolicyRule.Cause.AGE);
        return open.rows() > 0 ? RETRY : null;
      }
      return rest;
    } finally {
      batching.unlock();
    }
  }
}
