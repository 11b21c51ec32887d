package iotflow.client;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Makes batches of rows, keeps them in a queue, and sends the queue until the server has
 * acknowledged it. All methods may be called by several threads; rows of one thread keep their
 * order. A blocking call ends with {@code CANCELLED} when its thread is interrupted.
 */
public final class TelemetryWriter implements AutoCloseable {
  /** How long {@link #close()} waits. */
  public static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  private final WriterState state = new WriterState();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final WriterEvents events;
  private final QueueFolder folder;
  private final BatchQueue queue;
  private final BatchStore store;
  private final Intake intake;
  private final Sender sender;
  private final Thread synchronization;

  TelemetryWriter(IotflowClient client, WriterOptions options) {
    events = new WriterEvents(client.handlers(), client.options().metrics, options);
    folder = options.folder == null ? null : new QueueFolder(options.folder, options.queueLimit);
    queue = new BatchQueue(folder, options.queueLimit);
    ServerClock clock = options.clock == ClockSource.SERVER ? client.clock() : null;
    store = new BatchStore(queue, folder, options.queueLimit, clock, events, state);
    intake = new Intake(options, events, state, store, clock);
    QueueOwner owner = new QueueOwner(folder, client.keyOwner());
    sender = new Sender(client.connection(), queue, events, state, owner, options.window);
    synchronization = clock == null ? null : synchronize(clock, client);
    if (folder != null) {
      report(folder);
    }
    sender.start();
  }

  private void report(QueueFolder opened) {
    opened.others().forEach(events::leftAlone);
    for (int i = 0; i < opened.damaged(); i++) {
      events.dropped(0, Dropped.DAMAGED);
    }
  }

  private Thread synchronize(ServerClock clock, IotflowClient client) {
    clock.whenKnown(queue::wake);
    return Threads.start(
        "iotflow-clock", new ClockSynchronization(clock, queue, state, intake, client.timer()));
  }

  /**
   * Adds one row. It returns when the row is in the open batch, or with the batch in the queue
   * where the row is its last one. While the queue is full, the policy decides.
   */
  public void add(Row row) {
    intake.add(row);
  }

  /**
   * Adds many rows. Where it fails, the first of them may have been added; adding all of them again
   * is harmless.
   */
  public void addColumns(Columns columns) {
    intake.add(columns);
  }

  /** Ends the open batch, and returns when everything added before is acknowledged. */
  public void flush() {
    flush(Deadline.LONGEST);
  }

  /**
   * As {@link #flush()}. After the timeout it fails with {@code DEADLINE_EXCEEDED}, and names the
   * error of the disk where that takes no batch, and the error of the last interruption, unless
   * something was acknowledged since.
   */
  public void flush(Duration timeout) {
    try {
      flush(Deadline.in(timeout));
    } catch (IotflowException failure) {
      throw failure.because(store.diskFailure(), sender.interruption());
    }
  }

  private void flush(Deadline deadline) {
    long last = intake.flush(deadline);
    queue.awaitAcknowledgement(last, deadline, state::isOver);
    state.check();
  }

  /** Closes the writer after at most {@link #CLOSE_TIMEOUT}. */
  @Override
  public void close() {
    close(CLOSE_TIMEOUT);
  }

  /**
   * Flushes, ends the stream and releases everything, also where it fails with {@code
   * DEADLINE_EXCEEDED}. What was not acknowledged stays in a queue on disk. Rows cannot be added
   * from its beginning on.
   */
  public void close(Duration timeout) {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    state.beginClose();
    boolean flushed = false;
    try {
      flush(timeout);
      flushed = true;
    } finally {
      release(flushed);
    }
  }

  /** The numbers of the writer. */
  public WriterStatus status() {
    return new WriterStatus(queue, intake.openRows(), events);
  }

  private void release(boolean flushed) {
    state.close();
    queue.wake();
    intake.close();
    sender.end(!flushed);
    if (synchronization != null) {
      synchronization.interrupt();
    }
    if (folder != null) {
      folder.close();
    }
  }
}
