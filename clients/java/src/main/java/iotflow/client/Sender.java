package iotflow.client;

import iotflow.v1.Rejection;
import java.time.Duration;

/** Runs one stream after the other until the writer ends. */
final class Sender implements Runnable {
  private static final int JOIN_MILLIS = 2_000;

  private final Connection connection;
  private final BatchQueue queue;
  private final WriterEvents events;
  private final WriterState state;
  private final QueueOwner owner;
  private final int window;
  private final Backoff pauses = new Backoff();
  private Thread thread;
  private volatile boolean ending;

  /** Why the last stream ended. null: nothing has failed since the last acknowledgement. */
  private volatile IotflowException interruption;

  private volatile boolean cancelling;

  /**
   * Until this batch is acknowledged or given up, batches are sent one by one, to find the one that
   * ends the stream.
   */
  private volatile long aloneUntil;

  Sender(
      Connection connection,
      BatchQueue queue,
      WriterEvents events,
      WriterState state,
      QueueOwner owner,
      int window) {
    this.connection = connection;
    this.queue = queue;
    this.events = events;
    this.state = state;
    this.owner = owner;
    this.window = window;
  }

  void start() {
    thread = Threads.start("iotflow-writer", this);
  }

  /** Ends the stream, at once or after the server has ended it as well. */
  void end(boolean atOnce) {
    cancelling = atOnce;
    ending = true;
    queue.wake();
    if (atOnce) {
      thread.interrupt();
    }
    try {
      thread.join(JOIN_MILLIS);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
    thread.interrupt();
  }

  @Override
  public void run() {
    try {
      while (!ending) {
        Credentials.Key key = connection.credentials().key();
        IotflowException error = stream(key);
        if (!ending && !recover(error.inFollowing(), key)) {
          fail(error);
          return;
        }
      }
    } catch (RuntimeException | Error failure) {
      // Nothing would send any more, and callers would wait for ever.
      if (!ending) {
        fail(IotflowException.of(failure));
      }
    }
  }

  IotflowException interruption() {
    return interruption;
  }

  boolean isEnding() {
    return ending;
  }

  boolean isCancelling() {
    return cancelling;
  }

  /** Takes an acknowledgement of a stream with this key. */
  void acknowledged(long sequence, Credentials.Key key) {
    pauses.reset();
    interruption = null;
    connection.credentials().accepted(key.generation);
    events.acknowledged(queue.acknowledge(sequence));
    events.queued(queue);
    if (sequence >= aloneUntil) {
      aloneUntil = 0;
      queue.widen(window);
    }
  }

  private IotflowException stream(Credentials.Key key) {
    try {
      return new TelemetryStream(connection, queue, events, this, owner, key).run();
    } catch (IotflowException failure) {
      return failure;
    }
  }

  private void fail(IotflowException error) {
    state.fail(error);
    events.stopped(error);
    queue.wake();
  }

  /** Prepares the next stream, or returns false where the error stops the writer. */
  private boolean recover(IotflowException error, Credentials.Key key) {
    interruption = error;
    if (error.wantsCredential()) {
      events.credentialWanted(error);
      return connection.credentials().renew(key.generation, error);
    }
    if (error.blamesBatch() && giveUp(error)) {
      return true;
    }
    if (!error.isRetryable()) {
      return false;
    }
    Duration pause = pauses.next(error.retryAfter());
    events.interrupted(error, pause);
    queue.pause(Deadline.in(pause), this::isEnding);
    return true;
  }

  /**
   * Removes the batch that ended the stream where it was alone, and otherwise lets the next batches
   * be sent alone.
   */
  private boolean giveUp(IotflowException error) {
    QueueEntry alone = queue.alone();
    if (alone == null) {
      aloneUntil = queue.highestSent();
      return aloneUntil > 0;
    }
    queue.remove(alone);
    events.rejected(
        Rejection.newBuilder()
            .setSequence(alone.sequence)
            .setCount(alone.rows)
            .setReason(error.word())
            .setMessage(error.getMessage())
            .build());
    events.queued(queue);
    return true;
  }
}
