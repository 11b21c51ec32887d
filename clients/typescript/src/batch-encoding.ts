/** TelemetryBatch from columns, without an object for each value. */
import type { Storage } from "./columns.js";
import { ProtoWriter } from "./proto-writer.js";

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The field numbers of the values of a Column. */
export const FIELDS = { doubles: 3, floats: 4, int64s: 5, int32s: 6, bools: 7, strings: 8 } as const;

/** A column to encode: rows from 0 on. `validity` has one byte for each row, 1 where it has a value. */
export interface EncodedColumn {
  readonly measurement: string;
  readonly type: keyof typeof FIELDS;
  readonly storage: Storage;
  readonly validity: Uint8Array | undefined;
}

/** Rows to encode. */
export interface EncodedRows {
  readonly timestamps: Float64Array;
  /** One device for all rows (0: that of the key), or one for each row. */
  readonly deviceId: number;
  readonly deviceIds: Int32Array | undefined;
  readonly columns: readonly EncodedColumn[];
}

/** The bytes of a TelemetryBatch without its sequence. `guess` is their number, roughly. */
export function encodeRows(rows: EncodedRows, guess: number): Uint8Array {
  const writer = new ProtoWriter(guess + 64);
  if (rows.deviceId) {
    writer.tag(2, 0);
    writer.varint(rows.deviceId);
  }
  writer.delimited(3, rows.timestamps.length * 6, () => {
    for (const time of rows.timestamps) writer.varint(time);
  });
  for (const column of rows.columns) {
    writer.delimited(4, column.storage.length * 8, () => writeColumn(writer, column));
  }
  const { deviceIds } = rows;
  if (deviceIds) {
    writer.delimited(7, deviceIds.length, () => {
      for (const id of deviceIds) writer.varint(id);
    });
  }
  return writer.bytes;
}

/** The bytes of a TelemetryBatch: its sequence, then the rest. */
export function withSequence(sequence: number, rows: Uint8Array): Uint8Array {
  const writer = new ProtoWriter(rows.length + 11);
  writer.tag(1, 0);
  writer.varint(sequence);
  writer.raw(rows);
  return writer.bytes;
}

function writeColumn(writer: ProtoWriter, column: EncodedColumn): void {
  writer.text(1, column.measurement);
  const { validity, storage } = column;
  if (validity) writer.delimited(2, validity.length / 8, () => writer.raw(bitmap(validity)));
  const field = FIELDS[column.type];
  if (Array.isArray(storage)) {
    for (const text of storage) writer.text(field, text);
    return;
  }
  writer.delimited(field, storage.length * 8, () => writeValues(writer, storage));
}

function writeValues(writer: ProtoWriter, values: Exclude<Storage, string[]>): void {
  if (values instanceof BigInt64Array) {
    for (const value of values) writer.bigVarint(value);
  } else if (values instanceof Int32Array) {
    for (const value of values) writer.varint(value);
  } else if (values instanceof Uint8Array || LITTLE_ENDIAN) {
    writer.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  } else if (values instanceof Float64Array) {
    for (const value of values) writer.double(value);
  } else {
    for (const value of values) writer.float(value);
  }
}

/** Arrow's validity bitmap of one byte for each row. */
function bitmap(validity: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(validity.length / 8));
  validity.forEach((valid, row) => {
    if (valid) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}
