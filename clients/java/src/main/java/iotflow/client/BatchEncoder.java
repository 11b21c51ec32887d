package iotflow.client;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.Arrays;

/** Writes the open batch as a {@code TelemetryBatch}, straight from its columns. */
final class BatchEncoder {
  private static final int SEQUENCE = 1;
  private static final int DEVICE_ID = 2;
  private static final int TIMESTAMPS = 3;
  private static final int COLUMNS = 4;
  private static final int DEVICE_IDS = 7;
  private static final int MEASUREMENT = 1;
  private static final int VALIDITY = 2;
  private static final int BYTES = WireFormat.WIRETYPE_LENGTH_DELIMITED;

  private final OpenBatch batch;
  private final CodedOutputStream output;

  private BatchEncoder(OpenBatch batch, CodedOutputStream output) {
    this.batch = batch;
    this.output = output;
  }

  /** Returns the bytes of the batch. */
  static byte[] encode(OpenBatch batch, long sequence) {
    byte[] buffer = new byte[batch.size()];
    CodedOutputStream output = CodedOutputStream.newInstance(buffer);
    try {
      new BatchEncoder(batch, output).write(sequence);
    } catch (IOException failure) {
      throw new IllegalStateException("The size of the batch is wrong.", failure);
    }
    return Arrays.copyOf(buffer, output.getTotalBytesWritten());
  }

  private void write(long sequence) throws IOException {
    output.writeInt64(SEQUENCE, sequence);
    if (batch.deviceIds() == null && batch.deviceId() != 0) {
      output.writeInt32(DEVICE_ID, batch.deviceId());
    }
    writeTimes();
    for (ColumnBuffer column : batch.columns()) {
      column.fill(batch.rows());
      writeColumn(column);
    }
    if (batch.deviceIds() != null) {
      writeDeviceIds(batch.deviceIds());
    }
  }

  private void writeTimes() throws IOException {
    int size = 0;
    for (int row = 0; row < batch.rows(); row++) {
      size += CodedOutputStream.computeInt64SizeNoTag(batch.time(row));
    }
    begin(TIMESTAMPS, size);
    for (int row = 0; row < batch.rows(); row++) {
      output.writeInt64NoTag(batch.time(row));
    }
  }

  private void writeDeviceIds(int[] ids) throws IOException {
    int size = 0;
    for (int row = 0; row < batch.rows(); row++) {
      size += CodedOutputStream.computeInt32SizeNoTag(ids[row]);
    }
    begin(DEVICE_IDS, size);
    for (int row = 0; row < batch.rows(); row++) {
      output.writeInt32NoTag(ids[row]);
    }
  }

  private void writeColumn(ColumnBuffer column) throws IOException {
    byte[] validity = column.validity();
    int size = CodedOutputStream.computeByteArraySize(MEASUREMENT, column.name) + column.bytes();
    if (validity != null) {
      size += CodedOutputStream.computeByteArraySize(VALIDITY, validity);
    }
    boolean isText = column.type == ColumnType.TEXT;
    if (!isText) {
      size += 1 + CodedOutputStream.computeUInt32SizeNoTag(column.bytes());
    }
    begin(COLUMNS, size);
    output.writeByteArray(MEASUREMENT, column.name);
    if (validity != null) {
      output.writeByteArray(VALIDITY, validity);
    }
    if (isText) {
      writeTexts(column);
    } else {
      begin(column.type.field, column.bytes());
      writeNumbers(column);
    }
  }

  private void writeTexts(ColumnBuffer column) throws IOException {
    for (int row = 0; row < column.rows(); row++) {
      output.writeByteArray(column.type.field, column.text(row));
    }
  }

  private void writeNumbers(ColumnBuffer column) throws IOException {
    for (int row = 0; row < column.rows(); row++) {
      long number = column.number(row);
      switch (column.type) {
        case DOUBLE:
          output.writeFixed64NoTag(number);
          break;
        case FLOAT:
          output.writeFixed32NoTag((int) number);
          break;
        default:
          output.writeInt64NoTag(number);
          break;
      }
    }
  }

  private void begin(int field, int size) throws IOException {
    output.writeTag(field, BYTES);
    output.writeUInt32NoTag(size);
  }
}
