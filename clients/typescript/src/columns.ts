/** Columns of values, one value for each row. */

/** The types of columns, as the contract names them. */
export type ColumnType = "doubles" | "floats" | "int64s" | "int32s" | "bools" | "strings";

/** A value of a measurement. A number is stored as a 64-bit float, a bigint as a 64-bit integer. */
export type Value = number | bigint | boolean | string;

type NoValue = null | undefined;

/** Values of one measurement. The type of the values chooses the type of the column; NaN is no value. */
export type ColumnValues =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint16Array
  | Uint8Array
  | readonly (Value | NoValue)[];

/** A column that names its type. */
export interface TypedColumn {
  readonly type: ColumnType;
  readonly values: ColumnValues;
}

/** Columns of equal length by measurement. */
export interface Columns {
  /** Milliseconds since 1970 UTC, one for each row. */
  readonly timestamps: Float64Array | BigInt64Array | readonly number[];
  readonly values: Readonly<Record<string, ColumnValues | TypedColumn>>;
  /** For gateways: the device of all rows, or of each row. Default: the device of the key. */
  readonly deviceId?: number | Int32Array | readonly number[];
}

/** The values of one device at one time. */
export interface Row {
  readonly values: Readonly<Record<string, Value | NoValue>>;
  /** A date, or milliseconds since 1970 UTC. Default: the time of the writer's clock. */
  readonly timestamp?: Date | number;
  /** In place of `timestamp`: how long ago the values were measured, by the writer's clock. */
  readonly ageMs?: number;
  /** For gateways. Default: the device of the key. */
  readonly deviceId?: number;
}

/** The growable array behind a column of a type. A boolean is 1 or 0. */
export type Storage = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array | string[];

/** The type of a column of this value. */
export function typeOf(value: Value): ColumnType {
  switch (typeof value) {
    case "number":
      return "doubles";
    case "bigint":
      return "int64s";
    case "boolean":
      return "bools";
    case "string":
      return "strings";
    default:
      throw new TypeError(`A value must be a number, bigint, boolean or string, not ${typeof value}.`);
  }
}

/** The type of a column of these values, or nothing if there is none among them. */
export function typeOfColumn(values: ColumnValues): ColumnType | undefined {
  if (values instanceof Float64Array) return "doubles";
  if (values instanceof Float32Array) return "floats";
  if (values instanceof BigInt64Array) return "int64s";
  if (ArrayBuffer.isView(values)) return "int32s";
  const first = values.find((value) => hasValue(value));
  return hasValue(first) ? typeOf(first) : undefined;
}

/** Whether this is a value. */
export function hasValue(value: Value | NoValue): value is Value {
  return value !== null && value !== undefined && !(typeof value === "number" && Number.isNaN(value));
}

/** A storage with room for so many rows, filled with placeholders. */
export function newStorage(type: ColumnType, rows: number): Storage {
  switch (type) {
    case "doubles":
      return new Float64Array(rows);
    case "floats":
      return new Float32Array(rows);
    case "int64s":
      return new BigInt64Array(rows);
    case "int32s":
      return new Int32Array(rows);
    case "bools":
      return new Uint8Array(rows);
    case "strings":
      return new Array<string>(rows).fill("");
  }
}
