package iotflow.client;

import com.google.protobuf.Struct;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** The aggregates of one window of time. */
public final class AggregateWindow {
  private final Instant start;
  private final Map<String, Map<?, ?>> values = new LinkedHashMap<>();

  AggregateWindow(Struct object) {
    Point point = Point.of(object);
    start = point.time().get();
    point
        .values()
        .forEach((measurement, functions) -> values.put(measurement, (Map<?, ?>) functions));
  }

  /** Where the window begins. */
  public Instant start() {
    return start;
  }

  /** Returns a Double, a text, or null where there is none. */
  public Object value(String measurement, String function) {
    return values.getOrDefault(measurement, Map.of()).get(function);
  }

  /** All values by measurement and function. */
  public Map<String, Map<?, ?>> values() {
    return values;
  }

  @Override
  public String toString() {
    return start + " " + values;
  }
}
