package iotflow.client;

import java.util.BitSet;

/** One measurement of {@link Columns}: a value for each row, or none. Its array is not copied. */
public final class Column {
  private final String measurement;
  private final ColumnType type;
  private final Object values;
  private final int rows;

  /** The rows that have a value. null: all. */
  private final BitSet valid;

  Column(String measurement, ColumnType type, Object values, int rows, BitSet valid) {
    Text.check(measurement, "measurement");
    this.measurement = measurement;
    this.type = type;
    this.values = values;
    this.rows = rows;
    this.valid = valid;
  }

  /** Makes a column of type DOUBLE. NaN is no value. */
  public static Column of(String measurement, double[] values) {
    return new Column(measurement, ColumnType.DOUBLE, values, values.length, null);
  }

  /** Makes a column of type FLOAT. NaN is no value. */
  public static Column of(String measurement, float[] values) {
    return new Column(measurement, ColumnType.FLOAT, values, values.length, null);
  }

  /** Makes a column of type INT64. */
  public static Column of(String measurement, long[] values) {
    return new Column(measurement, ColumnType.INT64, values, values.length, null);
  }

  /** Makes a column of type INT32. */
  public static Column of(String measurement, int[] values) {
    return new Column(measurement, ColumnType.INT32, values, values.length, null);
  }

  /** Makes a column of type BOOLEAN. */
  public static Column of(String measurement, boolean[] values) {
    return new Column(measurement, ColumnType.BOOLEAN, values, values.length, null);
  }

  /** Makes a column of type TEXT. */
  public static Column of(String measurement, String[] values) {
    return new Column(measurement, ColumnType.TEXT, values, values.length, null);
  }

  /** Returns the column with values in these rows only. The others need placeholders. */
  public Column onlyIn(BitSet rowsWithValue) {
    return new Column(measurement, type, values, rows, (BitSet) rowsWithValue.clone());
  }

  /** The name of the measurement. */
  public String measurement() {
    return measurement;
  }

  /** The number of rows. */
  public int rows() {
    return rows;
  }

  /** Tells whether a row has a value. */
  public boolean hasValue(int row) {
    return valid == null || valid.get(row);
  }

  /** Returns a Double, Float, Long, Integer, Boolean or String, or null where there is none. */
  public Object value(int row) {
    if (!hasValue(row)) {
      return null;
    }
    switch (type) {
      case DOUBLE:
        return ((double[]) values)[row];
      case FLOAT:
        return ((float[]) values)[row];
      case INT64:
        return ((long[]) values)[row];
      case INT32:
        return ((int[]) values)[row];
      case BOOLEAN:
        return ((boolean[]) values)[row];
      default:
        return ((String[]) values)[row];
    }
  }

  /** Returns a value of a column of numbers, NaN where there is none. */
  public double number(int row) {
    if (type == ColumnType.DOUBLE && hasValue(row)) {
      return ((double[]) values)[row];
    }
    Object value = value(row);
    return value instanceof Number ? ((Number) value).doubleValue() : Double.NaN;
  }

  /** Puts the value into a row, where there is one. */
  void copy(int row, Row target) {
    if (!hasValue(row)) {
      return;
    }
    switch (type) {
      case DOUBLE:
        target.put(measurement, ((double[]) values)[row]);
        break;
      case FLOAT:
        target.put(measurement, ((float[]) values)[row]);
        break;
      case INT64:
        target.put(measurement, ((long[]) values)[row]);
        break;
      case INT32:
        target.put(measurement, ((int[]) values)[row]);
        break;
      case BOOLEAN:
        target.put(measurement, ((boolean[]) values)[row]);
        break;
      default:
        target.put(measurement, ((String[]) values)[row]);
        break;
    }
  }
}
