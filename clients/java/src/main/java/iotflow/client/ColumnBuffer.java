package iotflow.client;

import com.google.protobuf.CodedOutputStream;
import java.util.Arrays;

/** One measurement of the open batch: a value or a placeholder for each of the first rows. */
final class ColumnBuffer {
  private static final int FIRST_ROWS = 16;
  private static final byte[] NO_TEXT = {};

  final String measurement;
  final byte[] name;
  final ColumnType type;

  /** The bits of numbers, or null for texts. */
  private long[] numbers;

  private byte[][] texts;
  private int rows;

  /** Bit i tells whether row i has a value. null: all rows so far have one. */
  private byte[] validity;

  /** The encoded size of the values and placeholders, without tags and lengths around them. */
  private int bytes;

  ColumnBuffer(String measurement, ColumnType type) {
    this.measurement = measurement;
    name = Text.utf8(measurement, measurement);
    this.type = type;
    if (type == ColumnType.TEXT) {
      texts = new byte[FIRST_ROWS][];
    } else {
      numbers = new long[FIRST_ROWS];
    }
  }

  /** Adds the value of a row, after placeholders for the rows before it. */
  void add(int row, long number, byte[] text) {
    fill(row);
    append(number, text);
    if (validity != null) {
      mark(row);
    }
  }

  /** Appends placeholders up to so many rows. */
  void fill(int toRows) {
    if (rows >= toRows) {
      return;
    }
    if (validity == null) {
      validity = new byte[(toRows + Byte.SIZE) / Byte.SIZE];
      for (int row = 0; row < rows; row++) {
        mark(row);
      }
    }
    while (rows < toRows) {
      append(0, NO_TEXT);
    }
  }

  int rows() {
    return rows;
  }

  /** The encoded size of the values. */
  int bytes() {
    return bytes;
  }

  long number(int row) {
    return numbers[row];
  }

  byte[] text(int row) {
    return texts[row];
  }

  /** The bitmap, or null where every row has a value. The column must be filled. */
  byte[] validity() {
    return validity == null ? null : Arrays.copyOf(validity, (rows + Byte.SIZE - 1) / Byte.SIZE);
  }

  /** The encoded size of a value, with its own tag and length where it is a text. */
  static int valueBytes(ColumnType type, long number, byte[] text) {
    switch (type) {
      case DOUBLE:
        return Double.BYTES;
      case FLOAT:
        return Float.BYTES;
      case BOOLEAN:
        return 1;
      case TEXT:
        return 1 + CodedOutputStream.computeByteArraySizeNoTag(text);
      default:
        return CodedOutputStream.computeInt64SizeNoTag(number);
    }
  }

  private void append(long number, byte[] text) {
    if (texts == null) {
      numbers = rows < numbers.length ? numbers : Arrays.copyOf(numbers, 2 * rows);
      numbers[rows] = number;
    } else {
      texts = rows < texts.length ? texts : Arrays.copyOf(texts, 2 * rows);
      texts[rows] = text;
    }
    rows++;
    bytes += valueBytes(type, number, text);
  }

  private void mark(int row) {
    if (row / Byte.SIZE >= validity.length) {
      validity = Arrays.copyOf(validity, 2 * (row / Byte.SIZE + 1));
    }
    validity[row / Byte.SIZE] |= (byte) (1 << row % Byte.SIZE);
  }
}
