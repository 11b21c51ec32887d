package iotflow.client;

import com.google.protobuf.CodedOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Collects rows as columns until they are encoded. */
final class OpenBatch {
  private static final int FIRST_ROWS = 64;

  /** Bytes of a batch beside its rows and columns, and of a column beside its name and values. */
  private static final int BATCH_OVERHEAD = 64;

  private static final int COLUMN_OVERHEAD = 32;

  /** Bytes of a row's device, of its time with the device, and of a placeholder with its bit. */
  private static final int DEVICE_BYTES = 5;

  private static final int ROW_OVERHEAD = 10 + DEVICE_BYTES;
  private static final int GAP_BYTES = 9;
  private static final int MOST_BYTES_OF_CHAR = 3;

  private long[] times = new long[FIRST_ROWS];
  private int rows;
  private int deviceId;

  /** The device of each row, or null while all rows have the same one. */
  private int[] deviceIds;

  private final List<ColumnBuffer> columns = new ArrayList<>();
  private final Map<String, ColumnBuffer> byName = new HashMap<>();

  /** At least the number of bytes of the encoded batch. */
  private int size = BATCH_OVERHEAD;

  /** Whether the times are monotonic, because the offset of the server's clock is not known yet. */
  private boolean relative;

  /** When the first row came, by the monotonic clock. */
  private long opened;

  int rows() {
    return rows;
  }

  int size() {
    return size;
  }

  boolean isRelative() {
    return relative;
  }

  long ageNanos() {
    return System.nanoTime() - opened;
  }

  List<ColumnBuffer> columns() {
    return columns;
  }

  long time(int row) {
    return times[row];
  }

  int deviceId() {
    return deviceId;
  }

  /** The device of each row, or null where all rows have the same one. */
  int[] deviceIds() {
    return deviceIds;
  }

  /**
   * Tells whether the row may be in this batch: a measurement has one type, and rows without a
   * device are not mixed with others.
   */
  boolean accepts(Row row, boolean isRelative) {
    if (rows == 0) {
      return true;
    }
    if (isRelative != relative
        || row.deviceId != deviceId && (row.deviceId == 0 || deviceId == 0)) {
      return false;
    }
    for (int i = 0; i < row.size; i++) {
      ColumnBuffer column = column(i, row.measurements[i]);
      if (column != null && column.type != row.types[i]) {
        return false;
      }
    }
    return true;
  }

  /** The largest number of bytes that the row may add. */
  int growth(Row row) {
    int bytes = ROW_OVERHEAD + (GAP_BYTES + 1) * columns.size();
    if (row.deviceId != deviceId && deviceIds == null) {
      bytes += DEVICE_BYTES * rows;
    }
    for (int i = 0; i < row.size; i++) {
      bytes += ColumnBuffer.valueBytes(row.types[i], row.bits[i], row.texts[i]);
      if (column(i, row.measurements[i]) == null) {
        bytes +=
            COLUMN_OVERHEAD + MOST_BYTES_OF_CHAR * row.measurements[i].length() + GAP_BYTES * rows;
      }
    }
    return bytes;
  }

  /** Appends a row, which the batch must accept. */
  void add(Row row, long time, boolean isRelative) {
    if (rows == 0) {
      deviceId = row.deviceId;
      relative = isRelative;
      opened = System.nanoTime();
    }
    addDevice(row.deviceId);
    if (rows == times.length) {
      times = Arrays.copyOf(times, 2 * rows);
    }
    times[rows] = time;
    size += CodedOutputStream.computeInt64SizeNoTag(time) + (columns.size() + 7) / 8;
    int missing = columns.size();
    for (int i = 0; i < row.size; i++) {
      ColumnBuffer column = column(i, row.measurements[i]);
      if (column == null) {
        column = addColumn(row.measurements[i], row.types[i]);
      } else {
        missing--;
      }
      column.add(rows, row.bits[i], row.texts[i]);
      size += ColumnBuffer.valueBytes(row.types[i], row.bits[i], row.texts[i]);
    }
    size += GAP_BYTES * missing;
    rows++;
  }

  /** Adds the offset of the server's clock to monotonic times. */
  void shift(long offset) {
    for (int row = 0; relative && row < rows; row++) {
      times[row] += offset;
    }
    relative = false;
  }

  /** The column of a value, which is mostly where the rows before had it. */
  private ColumnBuffer column(int expected, String measurement) {
    if (expected < columns.size() && columns.get(expected).measurement.equals(measurement)) {
      return columns.get(expected);
    }
    return byName.get(measurement);
  }

  private ColumnBuffer addColumn(String measurement, ColumnType type) {
    ColumnBuffer column = new ColumnBuffer(measurement, type);
    columns.add(column);
    byName.put(measurement, column);
    size += COLUMN_OVERHEAD + column.name.length + GAP_BYTES * rows;
    return column;
  }

  private void addDevice(int id) {
    if (id == deviceId && deviceIds == null) {
      return;
    }
    if (deviceIds == null) {
      deviceIds = new int[times.length];
      Arrays.fill(deviceIds, 0, rows, deviceId);
      size += DEVICE_BYTES * rows;
    } else if (rows == deviceIds.length) {
      deviceIds = Arrays.copyOf(deviceIds, 2 * rows);
    }
    deviceIds[rows] = id;
    size += DEVICE_BYTES;
  }
}
