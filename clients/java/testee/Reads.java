package iotflow.testee;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import iotflow.client.AggregateWindow;
import iotflow.client.Column;
import iotflow.client.ColumnStream;
import iotflow.client.Columns;
import iotflow.client.Interruption;
import iotflow.client.Point;
import iotflow.client.Query;
import iotflow.client.Subscription;
import iotflow.client.SubscriptionListener;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** The calls that read. */
final class Reads {
  private final Session session;
  private final Output output;
  private volatile Subscription subscription;

  Reads(Session session, Output output) {
    this.session = session;
    this.output = output;
  }

  void addTo(Map<String, Testee.Handler> handlers) {
    handlers.put("latest", this::latest);
    handlers.put("range", this::range);
    handlers.put("aggregate", this::aggregate);
    handlers.put("read", this::read);
    handlers.put("subscribe", this::subscribe);
    handlers.put("unsubscribe", this::unsubscribe);
  }

  private JsonObject latest(JsonObject request) {
    Point latest = session.client().latest(Json.number(request, "device_id"));
    return Json.object(
        "values",
        latest.values(),
        "timestamp",
        latest.time().map(Instant::toEpochMilli).orElse(null));
  }

  private static Query query(JsonObject request) {
    return Query.devices(Json.number(request, "device_id"))
        .from(Json.time(request, "start"))
        .until(Json.time(request, "end"))
        .fields(Json.texts(request, "fields"));
  }

  private JsonObject range(JsonObject request) {
    Query query = query(request).pageSize(Json.number(request, "page_size"));
    int rows = 0;
    int pages = 0;
    Long first = null;
    Long last = null;
    for (List<Point> page : session.client().rangePages(query)) {
      pages++;
      for (Point point : page) {
        rows++;
        last = point.time().orElseThrow().toEpochMilli();
        first = first == null ? last : first;
      }
    }
    return Json.object("rows", rows, "pages", pages, "first", first, "last", last);
  }

  private JsonObject aggregate(JsonObject request) {
    JsonArray windows = new JsonArray();
    String window = Json.text(request, "window");
    String[] functions = Json.texts(request, "aggregation");
    for (AggregateWindow each : session.client().aggregate(query(request), window, functions)) {
      JsonObject form = Json.tree(each.values()).getAsJsonObject();
      form.addProperty("timestamp", each.start().toEpochMilli());
      windows.add(form);
    }
    return Json.object("windows", windows);
  }

  private JsonObject read(JsonObject request) {
    Query query =
        Query.devices(Json.numbers(request, "device_ids"))
            .from(Json.time(request, "start"))
            .until(Json.time(request, "end"));
    int rows = 0;
    int batches = 0;
    double sum = 0;
    try (ColumnStream stream = session.client().read(query)) {
      while (stream.hasNext()) {
        Columns columns = stream.next();
        batches++;
        rows += columns.rows();
        sum += columns.columns().stream().mapToDouble(Reads::sum).sum();
      }
    }
    return Json.object("rows", rows, "sum", sum, "batches", batches);
  }

  private static double sum(Column column) {
    double sum = 0;
    for (int row = 0; row < column.rows(); row++) {
      sum += column.hasValue(row) ? column.number(row) : 0;
    }
    return sum;
  }

  private JsonObject subscribe(JsonObject request) throws InterruptedException, ExecutionException {
    Query query = Query.devices(Json.numbers(request, "device_ids"));
    if (Json.has(request, "since")) {
      query.from(Json.time(request, "since"));
    }
    CompletableFuture<Void> first = new CompletableFuture<>();
    subscription = session.client().subscribe(query, new Reporter(first));
    CompletableFuture.anyOf(first, subscription.ended()).get();
    return new JsonObject();
  }

  private JsonObject unsubscribe(JsonObject request) {
    Subscription present = subscription;
    if (present != null) {
      present.close();
    }
    return new JsonObject();
  }

  private final class Reporter implements SubscriptionListener {
    private final CompletableFuture<Void> first;

    Reporter(CompletableFuture<Void> first) {
      this.first = first;
    }

    @Override
    public void onSubscribed(Instant serverTime) {
      first.complete(null);
    }

    @Override
    public void onReadings(Columns readings) {
      for (int row = 0; row < readings.rows(); row++) {
        JsonObject values = new JsonObject();
        for (Column column : readings.columns()) {
          if (column.hasValue(row)) {
            values.add(column.measurement(), Json.tree(column.value(row)));
          }
        }
        output.event(
            "reading",
            "device_id",
            readings.deviceId(row),
            "timestamp",
            readings.time(row),
            "values",
            values);
      }
    }

    @Override
    public void onMissed(long readings) {
      output.event("missed", "count", readings);
    }

    @Override
    public void onInterrupted(Interruption interruption) {
      session.interrupted(interruption);
    }
  }
}
