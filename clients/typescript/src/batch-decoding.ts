/** TelemetryBatch into typed arrays. */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { ColumnType } from "./columns.js";

/** The values of one measurement. Booleans are 1 or 0. */
export type DecodedValues = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array | string[];

/** A column that was read. Row i has a value unless bit i of the bitmap `validity` is 0. */
export interface DecodedColumn {
  readonly measurement: string;
  readonly type: ColumnType;
  readonly values: DecodedValues;
  readonly validity: Uint8Array | undefined;
}

/** Columns that were read, one value for each timestamp. */
export interface ColumnBatch {
  readonly sequence: number;
  /** The device of all rows. 0 if `deviceIds` has the device of each row. */
  readonly deviceId: number;
  readonly deviceIds: Int32Array | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly timestamps: Float64Array;
  readonly columns: readonly DecodedColumn[];
}

/** Reads times as numbers; int64() makes a bigint of each. */
class Reader extends BinaryReader {
  time(): number {
    const [low, high] = this.varint64();
    return high * 2 ** 32 + (low >>> 0);
  }
}

/** Decodes the bytes of a TelemetryBatch. */
export function decodeBatch(bytes: Uint8Array): ColumnBatch {
  const reader = new Reader(bytes);
  const columns: Uint8Array[] = [];
  let sequence = 0;
  let deviceId = 0;
  const timestamps: number[] = [];
  const deviceIds: number[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) sequence = Number(reader.int64());
    else if (field === 2) deviceId = reader.int32();
    else if (field === 3) repeated(reader, wireType, () => timestamps.push(reader.time()));
    else if (field === 4) columns.push(reader.bytes());
    else if (field === 7) repeated(reader, wireType, () => deviceIds.push(reader.int32()));
    else reader.skip(wireType, field);
  }
  return {
    sequence,
    deviceId,
    deviceIds: deviceIds.length > 0 ? Int32Array.from(deviceIds) : undefined,
    timestamps: Float64Array.from(timestamps),
    columns: columns.map((column) => decodeColumn(column)),
  };
}

/** Whether the bytes of a TelemetryBatch carry no device, so that the key decides whose it is. */
export function isOfKey(bytes: Uint8Array): boolean {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 7) return false;
    if (field !== 2) reader.skip(wireType, field);
    else if (reader.int32() !== 0) return false;
  }
  return true;
}

/** Whether row i of the column has a value. */
export function isValid(column: DecodedColumn, row: number): boolean {
  return bitAt(column.validity, row);
}

/** Whether the bitmap has a 1 at the row. A bitmap that is missing or empty has. */
export function bitAt(bitmap: Uint8Array | undefined, row: number): boolean {
  return !bitmap?.length || (((bitmap[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/** The values of one row by measurement, without those that are missing. Booleans are booleans. */
export function rowValues(batch: ColumnBatch, row: number): Record<string, number | bigint | boolean | string> {
  const values: Record<string, number | bigint | boolean | string> = {};
  for (const column of batch.columns) {
    const value = column.values[row];
    if (value === undefined || !isValid(column, row)) continue;
    values[column.measurement] = column.type === "bools" ? value === 1 : value;
  }
  return values;
}

function decodeColumn(bytes: Uint8Array): DecodedColumn {
  const reader = new BinaryReader(bytes);
  let measurement = "";
  let validity: Uint8Array | undefined;
  let type: ColumnType = "doubles";
  let values: DecodedValues = new Float64Array();
  const texts: string[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) measurement = reader.string();
    else if (field === 2) validity = reader.bytes();
    else if (field === 8) texts.push(reader.string());
    else if (field > 2 && field < 8 && wireType === WireType.LengthDelimited) {
      [type, values] = packed(field, reader.bytes());
    } else reader.skip(wireType, field);
  }
  if (texts.length > 0) [type, values] = ["strings", texts];
  return { measurement, type, values, validity: validity?.length ? validity : undefined };
}

/** The values of a packed field. */
function packed(field: number, bytes: Uint8Array): [ColumnType, DecodedValues] {
  if (field === 3) return ["doubles", floats(bytes, 8, Float64Array, (view, at) => view.getFloat64(at, true))];
  if (field === 4) return ["floats", floats(bytes, 4, Float32Array, (view, at) => view.getFloat32(at, true))];
  const reader = new BinaryReader(bytes);
  if (field === 5) return ["int64s", BigInt64Array.from(all(reader, () => BigInt(reader.int64())))];
  if (field === 6) return ["int32s", Int32Array.from(all(reader, () => reader.int32()))];
  return ["bools", Uint8Array.from(all(reader, () => (reader.bool() ? 1 : 0)))];
}

function floats<T extends Float64Array | Float32Array>(
  bytes: Uint8Array,
  size: number,
  make: new (length: number) => T,
  get: (view: DataView, at: number) => number,
): T {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new make(Math.floor(bytes.length / size));
  for (let row = 0; row < values.length; row++) values[row] = get(view, row * size);
  return values;
}

function all<T>(reader: BinaryReader, read: () => T): T[] {
  const values: T[] = [];
  while (reader.pos < reader.len) values.push(read());
  return values;
}

/** A repeated field of numbers, packed or not. */
function repeated(reader: BinaryReader, wireType: WireType, read: () => void): void {
  const end = wireType === WireType.LengthDelimited ? reader.uint32() + reader.pos : reader.pos + 1;
  while (reader.pos < end) read();
}
