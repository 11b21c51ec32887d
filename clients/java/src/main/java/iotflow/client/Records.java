package iotflow.client;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** The records of a segment: {@code u32 length, u32 crc, payload}, little-endian. */
final class Records {
  static final int HEADER = 8;

  // Fields of a TelemetryBatch.
  private static final int SEQUENCE = 1;
  private static final int DEVICE_ID = 2;
  private static final int TIMESTAMPS = 3;
  private static final int DEVICE_IDS = 7;

  /** What a segment has before its first damage, and how long the damaged record is. */
  static final class Scan {
    final List<QueueEntry> found = new ArrayList<>();
    int good;
    int bad;
  }

  private Records() {}

  static byte[] record(byte[] payload) {
    ByteBuffer record = littleEndian(new byte[HEADER + payload.length]);
    record.putInt(0, payload.length);
    record.putInt(4, crc(payload, 0, payload.length));
    System.arraycopy(payload, 0, record.array(), HEADER, payload.length);
    return record.array();
  }

  static int crc(byte[] data, int offset, int length) {
    CRC32 crc = new CRC32();
    crc.update(data, offset, length);
    return (int) crc.getValue();
  }

  static ByteBuffer littleEndian(byte[] data) {
    return ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Reads records until the end or the first damage. */
  static Scan scan(byte[] data, Segment segment) {
    Scan scan = new Scan();
    ByteBuffer records = littleEndian(data);
    while (scan.good < data.length) {
      int rest = data.length - scan.good;
      long length = rest < HEADER ? rest : Integer.toUnsignedLong(records.getInt(scan.good));
      if (rest < HEADER || length > rest - HEADER) {
        scan.bad = rest;
        return scan;
      }
      QueueEntry entry = entry(data, scan.good, (int) length, segment);
      if (entry == null) {
        scan.bad = HEADER + (int) length;
        return scan;
      }
      scan.found.add(entry);
      scan.good += HEADER + (int) length;
    }
    return scan;
  }

  /** Tells whether only zeros follow. */
  static boolean isZero(byte[] data, int offset) {
    for (int i = offset; i < data.length; i++) {
      if (data[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns the entry of a record, or null where it is damaged. */
  private static QueueEntry entry(byte[] data, int offset, int length, Segment segment) {
    int crc = littleEndian(data).getInt(offset + 4);
    if (crc != crc(data, offset + HEADER, length)) {
      return null;
    }
    try {
      return entry(
          CodedInputStream.newInstance(data, offset + HEADER, length), offset, length, segment);
    } catch (IOException damaged) {
      return null;
    }
  }

  /** Reads the sequence and counts the rows, without decoding the columns. */
  private static QueueEntry entry(CodedInputStream batch, int offset, int length, Segment segment)
      throws IOException {
    long sequence = 0;
    int rows = 0;
    for (int tag = batch.readTag(); tag != 0; tag = batch.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      boolean isPacked = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
      if (field == SEQUENCE && !isPacked) {
        sequence = batch.readInt64();
      } else if (field == TIMESTAMPS && isPacked) {
        rows += countVarints(batch.readByteArray());
      } else {
        rows += field == TIMESTAMPS ? 1 : 0;
        batch.skipField(tag);
      }
    }
    return sequence <= 0 ? null : QueueEntry.onDisk(sequence, rows, length, segment, offset);
  }

  /** Whether a batch names its device or devices. Otherwise, it is of the key's device. */
  static boolean namesDevice(byte[] payload) {
    try {
      CodedInputStream batch = CodedInputStream.newInstance(payload);
      for (int tag = batch.readTag(); tag != 0; tag = batch.readTag()) {
        int field = WireFormat.getTagFieldNumber(tag);
        if (field == DEVICE_IDS || field == DEVICE_ID && batch.readInt32() != 0) {
          return true;
        }
        if (field != DEVICE_ID) {
          batch.skipField(tag);
        }
      }
      return false;
    } catch (IOException damaged) {
      return false;
    }
  }

  /** Counts the bytes that end a number. */
  private static int countVarints(byte[] packed) {
    int count = 0;
    for (byte each : packed) {
      count += each >= 0 ? 1 : 0;
    }
    return count;
  }
}
