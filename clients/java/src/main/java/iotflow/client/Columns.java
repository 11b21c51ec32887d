package iotflow.client;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Many rows: row i has time i and value i of each column. */
public final class Columns {
  private final long[] times;
  private final List<Column> columns = new ArrayList<>();
  private int deviceId;

  /** The device of each row, or null where all rows have the same one. */
  private int[] deviceIds;

  /** Makes rows at these times, in milliseconds since 1970 UTC. The array is not copied. */
  public Columns(long[] times) {
    this.times = times;
  }

  /** Names the device. 0, the default: the device of the key. */
  public Columns device(int id) {
    deviceId = id;
    return this;
  }

  /** Adds a measurement, which must have a row for each time. */
  public Columns put(Column column) {
    columns.add(column);
    return this;
  }

  /** Adds a measurement of type DOUBLE. See {@link Column} for other types. */
  public Columns put(String measurement, double[] values) {
    return put(Column.of(measurement, values));
  }

  /** The number of rows. */
  public int rows() {
    return times.length;
  }

  /** The time of a row in milliseconds since 1970 UTC. */
  public long time(int row) {
    return times[row];
  }

  /** The device of a row. */
  public int deviceId(int row) {
    return deviceIds == null ? deviceId : deviceIds[row];
  }

  /** The measurements. */
  public List<Column> columns() {
    return Collections.unmodifiableList(columns);
  }

  Columns devices(int[] ids) {
    deviceIds = ids;
    return this;
  }

  void check() {
    for (Column column : columns) {
      if (column.rows() != times.length) {
        throw IotflowException.invalid(
            column.measurement(),
            "The column " + column.measurement() + " needs one value for each time.");
      }
    }
  }

  void copy(int row, Row target) {
    target.device(deviceId(row));
    for (Column column : columns) {
      column.copy(row, target);
    }
  }
}
