package iotflow.client;

import iotflow.v1.Rejection;
import java.io.File;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * Configures a {@link TelemetryWriter}. Without options its queue is in memory.
 *
 * <p>The handlers are called by the threads that add and send, so they must return soon, and must
 * not call the writer. What they throw is logged, and has no other effect.
 */
public final class WriterOptions {
  File folder;
  long queueLimit = 64L << 20;
  QueuePolicy policy = QueuePolicy.WAIT;
  int batchRows = 1000;
  int batchBytes = 256 << 10;
  Duration batchAge = Duration.ofSeconds(1);
  int window = 64;
  ClockSource clock = ClockSource.DEVICE;
  Consumer<Rejection> onRejected = rejection -> {};
  Consumer<Dropped> onDropped = dropped -> {};
  Consumer<Interruption> onInterrupted = interruption -> {};

  /**
   * The folder of the queue, which then survives the process: all but the open batch, which {@link
   * TelemetryWriter#flush()} ends. It is for its owner alone. It has batches of one device: with
   * the key of another one, the writer stops with the reason {@code QUEUE_OF_ANOTHER_DEVICE}.
   */
  public WriterOptions folder(File path) {
    folder = path;
    return this;
  }

  /** The size of the queue in bytes. Default: 64 MiB. */
  public WriterOptions queueLimit(long bytes) {
    queueLimit = atLeastOne("queueLimit", bytes);
    return this;
  }

  /** What happens while the queue is full. Default: {@link QueuePolicy#WAIT}. */
  public WriterOptions policy(QueuePolicy word) {
    policy = word;
    return this;
  }

  /** The largest number of rows in a batch. Default: 1000. */
  public WriterOptions batchRows(int rows) {
    batchRows = (int) atLeastOne("batchRows", rows);
    return this;
  }

  /** The size in bytes at which a batch ends. Default: 256 KiB. */
  public WriterOptions batchBytes(int bytes) {
    batchBytes = (int) atLeastOne("batchBytes", bytes);
    return this;
  }

  /** The age at which a batch ends. Default: 1 s. */
  public WriterOptions batchAge(Duration age) {
    batchAge = Deadline.bounded(age);
    atLeastOne("batchAge", batchAge.toMillis());
    return this;
  }

  /** The largest number of batches on the way without acknowledgement. Default: 64. */
  public WriterOptions window(int batches) {
    window = (int) atLeastOne("window", batches);
    return this;
  }

  /** The clock of rows without a time. Default: {@link ClockSource#DEVICE}. */
  public WriterOptions clock(ClockSource source) {
    clock = source;
    return this;
  }

  /**
   * Receives what the server did not store. A whole batch that the server cannot take has an empty
   * measurement, and `count` its rows.
   */
  public WriterOptions onRejected(Consumer<Rejection> handler) {
    onRejected = handler;
    return this;
  }

  /** Receives the number of rows that the queue lost. */
  public WriterOptions onDropped(Consumer<Dropped> handler) {
    onDropped = handler;
    return this;
  }

  /** Receives the error of a stream, and the pause before the next attempt. */
  public WriterOptions onInterrupted(Consumer<Interruption> handler) {
    onInterrupted = handler;
    return this;
  }

  private static long atLeastOne(String option, long value) {
    if (value < 1) {
      throw IotflowException.invalid(option, option + " must be at least 1.");
    }
    return value;
  }
}
