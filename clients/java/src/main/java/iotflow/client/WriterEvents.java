package iotflow.client;

import iotflow.v1.Rejection;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what happens to rows, and tells the application, its log and its metrics. */
final class WriterEvents {
  private final Handlers handlers;
  private final Metrics metrics;
  private final WriterOptions writer;
  private final AtomicLong rejected = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicInteger interruptions = new AtomicInteger();

  WriterEvents(Handlers handlers, Metrics metrics, WriterOptions writer) {
    this.handlers = handlers;
    this.metrics = metrics;
    this.writer = writer;
  }

  void added(int rows) {
    count(() -> metrics.rowsAdded(rows));
  }

  void queued(BatchQueue queue) {
    count(() -> metrics.queued(queue.rows(), queue.bytes()));
  }

  void acknowledged(int rows) {
    if (rows > 0) {
      count(() -> metrics.rowsAcknowledged(rows));
    }
  }

  void dropped(int rows, String reason) {
    dropped.addAndGet(rows);
    log(EventLog.Level.WARNING, "rows_dropped", Map.of("rows", rows, "reason", reason));
    count(() -> metrics.rowsDropped(rows, reason));
    handlers.call("onDropped", () -> writer.onDropped.accept(new Dropped(rows, reason)));
  }

  void rejected(Rejection rejection) {
    rejected.addAndGet(rejection.getCount());
    log(
        EventLog.Level.WARNING,
        "rows_rejected",
        Map.of(
            "sequence", rejection.getSequence(),
            "index", rejection.getIndex(),
            "count", rejection.getCount(),
            "measurement", rejection.getMeasurement(),
            "reason", rejection.getReason()));
    count(() -> metrics.valuesRejected(rejection.getCount(), rejection.getReason()));
    handlers.call("onRejected", () -> writer.onRejected.accept(rejection));
  }

  void interrupted(IotflowException error, Duration pause) {
    interruptions.incrementAndGet();
    log(
        EventLog.Level.WARNING,
        "stream_interrupted",
        Map.of("code", error.code(), "error", error.toString(), "pause", pause));
    count(() -> metrics.interrupted(error, pause));
    handlers.call(
        "onInterrupted", () -> writer.onInterrupted.accept(new Interruption(error, pause)));
  }

  /** A file in the folder of the queue whose name is none of the queue's. */
  void leftAlone(String name) {
    log(EventLog.Level.WARNING, "file_left_alone", Map.of("file", name));
  }

  void diskFailed(IOException error) {
    log(EventLog.Level.WARNING, "disk_failed", Map.of("error", error.toString()));
  }

  void credentialWanted(IotflowException error) {
    log(EventLog.Level.WARNING, "credential_wanted", Map.of("reason", error.reason()));
  }

  void stopped(IotflowException error) {
    log(EventLog.Level.ERROR, "writer_stopped", Map.of("error", error.toString()));
  }

  long rejectedValues() {
    return rejected.get();
  }

  long droppedRows() {
    return dropped.get();
  }

  int interruptions() {
    return interruptions.get();
  }

  private void count(Runnable number) {
    handlers.call("metrics", number);
  }

  private void log(EventLog.Level level, String event, Map<String, Object> facts) {
    handlers.log(level, event, facts);
  }
}
