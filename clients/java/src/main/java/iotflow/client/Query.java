package iotflow.client;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Asks for readings. Without settings, it asks for everything that the caller may read. */
public final class Query {
  List<Integer> deviceIds = new ArrayList<>();
  List<String> fields = List.of();
  Instant start;
  Instant end;
  int pageSize;
  boolean newestFirst;

  /** Asks for readings of these devices. Ranges and aggregates are of one device. */
  public static Query devices(int... ids) {
    Query query = new Query();
    for (int id : ids) {
      query.deviceIds.add(id);
    }
    return query;
  }

  /** Only these measurements. */
  public Query fields(String... measurements) {
    fields = List.of(measurements);
    return this;
  }

  /** Only readings from this time on. In a subscription, stored ones from then on come first. */
  public Query from(Instant time) {
    start = time;
    return this;
  }

  /** Only readings before this time. */
  public Query until(Instant time) {
    end = time;
    return this;
  }

  /** The number of readings in a page of a range. Default: the server's. */
  public Query pageSize(int readings) {
    pageSize = readings;
    return this;
  }

  /** Columns with the newest reading first. */
  public Query newestFirst() {
    newestFirst = true;
    return this;
  }

  int device() {
    return deviceIds.isEmpty() ? 0 : deviceIds.get(0);
  }
}
