package iotflow.client;

import java.time.Instant;
import java.util.Arrays;

/**
 * The values of one device at one time. The type of a value chooses the type of its column. A row
 * may be used again after {@link #clear}; a writer does not keep it.
 */
public final class Row {
  private static final int VALUES = 8;

  String[] measurements = new String[VALUES];
  ColumnType[] types = new ColumnType[VALUES];
  long[] bits = new long[VALUES];
  byte[][] texts = new byte[VALUES][];
  int size;
  int deviceId;
  long time;
  boolean hasTime;

  /** Makes a row of one value of type DOUBLE. */
  public static Row of(String measurement, double value) {
    return new Row().put(measurement, value);
  }

  /** Makes a row of one value of type FLOAT. */
  public static Row of(String measurement, float value) {
    return new Row().put(measurement, value);
  }

  /** Makes a row of one value of type INT64. */
  public static Row of(String measurement, long value) {
    return new Row().put(measurement, value);
  }

  /** Makes a row of one value of type INT32. */
  public static Row of(String measurement, int value) {
    return new Row().put(measurement, value);
  }

  /** Makes a row of one value of type BOOLEAN. */
  public static Row of(String measurement, boolean value) {
    return new Row().put(measurement, value);
  }

  /** Makes a row of one value of type TEXT. */
  public static Row of(String measurement, String value) {
    return new Row().put(measurement, value);
  }

  /** Names the device. 0, the default: the device of the key. */
  public Row device(int id) {
    deviceId = id;
    return this;
  }

  /** Sets the time in milliseconds since 1970 UTC. Without it, the row has the time of adding. */
  public Row at(long milliseconds) {
    time = milliseconds;
    hasTime = true;
    return this;
  }

  /** Sets the time, of which the server stores milliseconds. */
  public Row at(Instant instant) {
    return at(instant.toEpochMilli());
  }

  /** Adds a value of type DOUBLE. NaN is no value. */
  public Row put(String measurement, double value) {
    return put(
        measurement, ColumnType.DOUBLE, Double.doubleToRawLongBits(value), null, value != value);
  }

  /** Adds a value of type FLOAT. NaN is no value. */
  public Row put(String measurement, float value) {
    return put(measurement, ColumnType.FLOAT, Float.floatToRawIntBits(value), null, value != value);
  }

  /** Adds a value of type INT64. */
  public Row put(String measurement, long value) {
    return put(measurement, ColumnType.INT64, value, null, false);
  }

  /** Adds a value of type INT32, for whole numbers of 32 bits and fewer. */
  public Row put(String measurement, int value) {
    return put(measurement, ColumnType.INT32, value, null, false);
  }

  /** Adds a value of type BOOLEAN. */
  public Row put(String measurement, boolean value) {
    return put(measurement, ColumnType.BOOLEAN, value ? 1 : 0, null, false);
  }

  /** Adds a value of type TEXT. */
  public Row put(String measurement, String value) {
    return put(measurement, ColumnType.TEXT, 0, Text.utf8(value, measurement), false);
  }

  /** Removes the values, the device and the time. */
  public Row clear() {
    size = 0;
    deviceId = 0;
    hasTime = false;
    return this;
  }

  /** The later of two values of a measurement counts. */
  private Row put(String measurement, ColumnType type, long value, byte[] text, boolean isMissing) {
    Text.check(measurement, "measurement");
    int place = place(measurement);
    if (isMissing) {
      return this;
    }
    if (place == measurements.length) {
      grow();
    }
    measurements[place] = measurement;
    types[place] = type;
    bits[place] = value;
    texts[place] = text;
    size = Math.max(size, place + 1);
    return this;
  }

  private int place(String measurement) {
    for (int i = 0; i < size; i++) {
      if (measurements[i].equals(measurement)) {
        return i;
      }
    }
    return size;
  }

  private void grow() {
    int length = 2 * size;
    measurements = Arrays.copyOf(measurements, length);
    types = Arrays.copyOf(types, length);
    bits = Arrays.copyOf(bits, length);
    texts = Arrays.copyOf(texts, length);
  }
}
