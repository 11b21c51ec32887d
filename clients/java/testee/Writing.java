package iotflow.testee;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import iotflow.client.ClockSource;
import iotflow.client.Columns;
import iotflow.client.Dropped;
import iotflow.client.QueuePolicy;
import iotflow.client.Row;
import iotflow.client.TelemetryWriter;
import iotflow.client.WriterOptions;
import iotflow.client.WriterStatus;
import iotflow.v1.Rejection;
import java.io.File;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Has one writer at a time. */
final class Writing {
  private final Session session;
  private final Output output;
  private volatile TelemetryWriter writer;

  Writing(Session session, Output output) {
    this.session = session;
    this.output = output;
  }

  void addTo(Map<String, Testee.Handler> handlers) {
    handlers.put("writer.open", this::open);
    handlers.put("writer.add", this::add);
    handlers.put("writer.add_columns", this::addColumns);
    handlers.put("writer.flush", this::flush);
    handlers.put("writer.close", this::close);
    handlers.put("writer.status", this::status);
  }

  private TelemetryWriter opened() {
    TelemetryWriter present = writer;
    if (present == null) {
      throw Session.missing("No writer is open.");
    }
    return present;
  }

  private JsonObject open(JsonObject request) {
    WriterOptions options =
        new WriterOptions()
            .onRejected(
                rejection -> {
                  rejected(rejection);
                  Session.afterHandler(request);
                })
            .onDropped(
                dropped -> {
                  dropped(dropped);
                  Session.afterHandler(request);
                })
            .onInterrupted(
                interruption -> {
                  session.interrupted(interruption);
                  Session.afterHandler(request);
                });
    if (Json.has(request, "folder")) {
      options.folder(new File(Json.text(request, "folder")));
    }
    if (Json.has(request, "limit")) {
      options.queueLimit(request.get("limit").getAsLong());
    }
    if (Json.has(request, "policy")) {
      String policy = Json.text(request, "policy").toUpperCase(Locale.ROOT);
      options.policy(QueuePolicy.valueOf(policy));
    }
    if (Json.text(request, "clock").equals("server")) {
      options.clock(ClockSource.SERVER);
    }
    readLimits(request, options);
    writer = session.client().newWriter(options);
    return new JsonObject();
  }

  private static void readLimits(JsonObject request, WriterOptions options) {
    if (Json.has(request, "rows")) {
      options.batchRows(Json.number(request, "rows"));
    }
    if (Json.has(request, "bytes")) {
      options.batchBytes(Json.number(request, "bytes"));
    }
    if (Json.has(request, "age_ms")) {
      options.batchAge(Json.millis(request, "age_ms"));
    }
    if (Json.has(request, "window")) {
      options.window(Json.number(request, "window"));
    }
  }

  private JsonObject add(JsonObject request) throws InterruptedException {
    int count = Json.number(request, "count");
    double first = request.get("first").getAsDouble();
    String[] measurements = Json.texts(request, "measurements");
    Row row = new Row();
    for (int i = 0; i < count; i++) {
      row.clear().device(Json.number(request, "device_id"));
      if (Json.has(request, "start")) {
        row.at(request.get("start").getAsLong() + i * request.get("step").getAsLong());
      }
      for (String measurement : measurements) {
        row.put(measurement, first + i);
      }
      opened().add(row);
      if (!Json.has(request, "start")) {
        // A row of the same millisecond would overwrite this one.
        TimeUnit.MILLISECONDS.sleep(2);
      }
    }
    return Json.object("added", count);
  }

  private JsonObject addColumns(JsonObject request) {
    JsonArray timestamps = request.getAsJsonArray("timestamps");
    long[] times = new long[timestamps.size()];
    for (int i = 0; i < times.length; i++) {
      times[i] = timestamps.get(i).getAsLong();
    }
    Columns columns = new Columns(times).device(Json.number(request, "device_id"));
    for (Map.Entry<String, JsonElement> form : request.getAsJsonObject("columns").entrySet()) {
      columns.put(Vectors.column(form.getKey(), form.getValue().getAsJsonObject()));
    }
    opened().addColumns(columns);
    return Json.object("added", times.length);
  }

  private JsonObject flush(JsonObject request) {
    opened().flush(Json.millis(request, "deadline_ms"));
    return new JsonObject();
  }

  private JsonObject close(JsonObject request) {
    opened().close(Json.millis(request, "deadline_ms"));
    return new JsonObject();
  }

  private JsonObject status(JsonObject request) {
    WriterStatus status = opened().status();
    return Json.object(
        "queued_rows", status.queuedRows(),
        "queued_bytes", status.queuedBytes(),
        "acknowledged_rows", status.acknowledgedRows(),
        "rejected", status.rejectedValues(),
        "dropped_rows", status.droppedRows(),
        "interruptions", status.interruptions());
  }

  private void rejected(Rejection rejection) {
    output.event(
        "rejected",
        "sequence",
        rejection.getSequence(),
        "index",
        rejection.getIndex(),
        "count",
        rejection.getCount(),
        "measurement",
        rejection.getMeasurement(),
        "reason",
        rejection.getReason(),
        "retryable",
        rejection.getRetryable());
  }

  private void dropped(Dropped dropped) {
    output.event("dropped", "rows", dropped.rows(), "reason", dropped.reason());
  }
}
