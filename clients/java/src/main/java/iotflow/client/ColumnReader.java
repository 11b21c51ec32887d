package iotflow.client;

import com.google.protobuf.ByteString;
import iotflow.v1.TelemetryBatch;
import java.util.BitSet;
import java.util.List;

/** Makes columns of batches. */
final class ColumnReader {
  private ColumnReader() {}

  static Columns read(TelemetryBatch batch) {
    Columns columns = new Columns(longs(batch.getTimestampsList())).device(batch.getDeviceId());
    if (batch.getDeviceIdsCount() > 0) {
      columns.devices(ints(batch.getDeviceIdsList()));
    }
    for (iotflow.v1.Column column : batch.getColumnsList()) {
      columns.put(read(column));
    }
    return columns;
  }

  private static Column read(iotflow.v1.Column column) {
    Column values = values(column);
    ByteString validity = column.getValidity();
    return validity.isEmpty() ? values : values.onlyIn(BitSet.valueOf(validity.toByteArray()));
  }

  private static Column values(iotflow.v1.Column column) {
    String measurement = column.getMeasurement();
    if (column.getFloatsCount() > 0) {
      return Column.of(measurement, floats(column.getFloatsList()));
    }
    if (column.getInt64SCount() > 0) {
      return Column.of(measurement, longs(column.getInt64SList()));
    }
    if (column.getInt32SCount() > 0) {
      return Column.of(measurement, ints(column.getInt32SList()));
    }
    if (column.getBoolsCount() > 0) {
      return Column.of(measurement, booleans(column.getBoolsList()));
    }
    if (column.getStringsCount() > 0) {
      return Column.of(measurement, column.getStringsList().toArray(new String[0]));
    }
    return Column.of(measurement, doubles(column.getDoublesList()));
  }

  private static double[] doubles(List<Double> list) {
    return list.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static long[] longs(List<Long> list) {
    return list.stream().mapToLong(Long::longValue).toArray();
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  private static float[] floats(List<Float> list) {
    float[] array = new float[list.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = list.get(i);
    }
    return array;
  }

  private static boolean[] booleans(List<Boolean> list) {
    boolean[] array = new boolean[list.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = list.get(i);
    }
    return array;
  }
}
