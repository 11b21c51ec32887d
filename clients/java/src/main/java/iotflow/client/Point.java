package iotflow.client;

import com.google.protobuf.Struct;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Optional;

/** The values of one device at one time. */
public final class Point {
  private static final String TIME = "timestamp";

  private final Instant time;
  private final Map<String, Object> values;

  Point(Instant time, Map<String, Object> values) {
    this.time = time;
    this.values = values;
  }

  /** Reads an object {@code {timestamp, <measurement>: value …}}. */
  static Point of(Struct object) {
    Map<String, Object> values = Structs.toMap(object);
    Object time = values.remove(TIME);
    return new Point(instant(time), values);
  }

  private static Instant instant(Object time) {
    if (time instanceof Double) {
      return Instant.ofEpochMilli(((Double) time).longValue());
    }
    String text = String.valueOf(time);
    try {
      return text.matches("-?\\d+")
          ? Instant.ofEpochMilli(Long.parseLong(text))
          : OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException | NumberFormatException strange) {
      throw IotflowException.invalid(TIME, "The server's time is no time: " + text);
    }
  }

  /** The time, or nothing where the device has no readings. */
  public Optional<Instant> time() {
    return Optional.ofNullable(time);
  }

  /** Doubles, Booleans, texts or null by measurement. Whole numbers beyond 2^53 are texts. */
  public Map<String, Object> values() {
    return values;
  }

  @Override
  public String toString() {
    return (time == null ? "no time" : time) + " " + values;
  }
}
