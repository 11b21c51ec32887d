package iotflow.client;

import iotflow.v1.Rejection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what happens to rows, and tells the application, its log and its metrics. */
final class WriterEvents {
  private final ClientOptions client;
  private final WriterOptions writer;
  private final AtomicLong rejected = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicInteger interruptions = new AtomicInteger();

  WriterEvents(ClientOptions client, WriterOptions writer) {
    this.client = client;
    this.writer = writer;
  }

  void added(int rows) {
    client.metrics.rowsAdded(rows);
  }

  void queued(BatchQueue queue) {
    client.metrics.queued(queue.rows(), queue.bytes());
  }

  void acknowledged(int rows) {
    if (rows > 0) {
      client.metrics.rowsAcknowledged(rows);
    }
  }

  void dropped(int rows, String reason) {
    dropped.addAndGet(rows);
    log(EventLog.Level.WARNING, "rows_dropped", Map.of("rows", rows, "reason", reason));
    client.metrics.rowsDropped(rows, reason);
    writer.onDropped.accept(new Dropped(rows, reason));
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
    client.metrics.valuesRejected(rejection.getCount(), rejection.getReason());
    writer.onRejected.accept(rejection);
  }

  void interrupted(IotflowException error, Duration pause) {
    interruptions.incrementAndGet();
    log(
        EventLog.Level.WARNING,
        "stream_interrupted",
        Map.of("code", error.code(), "error", error.toString(), "pause", pause));
    client.metrics.interrupted(error, pause);
    writer.onInterrupted.accept(new Interruption(error, pause));
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

  private void log(EventLog.Level level, String event, Map<String, Object> facts) {
    client.eventLog.log(level, event, facts);
  }
}
