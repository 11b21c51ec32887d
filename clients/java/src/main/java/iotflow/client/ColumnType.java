package iotflow.client;

/** The types of the contract's columns. */
enum ColumnType {
  DOUBLE(3),
  FLOAT(4),
  INT64(5),
  INT32(6),
  BOOLEAN(7),
  TEXT(8);

  /** The number of the field of {@code Column} that has the values. */
  final int field;

  ColumnType(int field) {
    this.field = field;
  }
}
