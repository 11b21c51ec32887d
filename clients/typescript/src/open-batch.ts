/** The batch that takes rows until it ends. */
import { type EncodedColumn, encodeRows } from "./batch-encoding.js";
import { type ColumnType, type ColumnValues, hasValue, newStorage, type Storage } from "./columns.js";

const FIRST_CAPACITY = 64;
const TIME_BYTES = 6;
const COLUMN_BYTES = 16;
/** Size of one value, roughly. The bytes of a text are added. */
const VALUE_BYTES: Record<ColumnType, number> = { doubles: 8, floats: 4, int64s: 9, int32s: 5, bools: 1, strings: 3 };

/** A column of rows to add. */
export interface NewColumn {
  readonly measurement: string;
  readonly type: ColumnType;
  readonly values: ColumnValues;
}

interface OpenColumn {
  readonly type: ColumnType;
  storage: Storage;
  /** One byte for each row, 1 where it has a value. */
  validity: Uint8Array;
}

/** Rows of one or many devices, with one type for each measurement. */
export class OpenBatch {
  rows = 0;
  /** Size, roughly, and not less than the encoded size by more than a few bytes. */
  bytes = 0;
  #capacity: number;
  #timestamps: Float64Array;
  #devices: Int32Array;
  readonly #columns = new Map<string, OpenColumn>();

  /** expected: number of rows that the batch will probably have. */
  constructor(expected = 0) {
    this.#capacity = Math.max(expected, FIRST_CAPACITY);
    this.#timestamps = new Float64Array(this.#capacity);
    this.#devices = new Int32Array(this.#capacity);
  }

  /** Whether rows of this device and these columns fit to the others. */
  accepts(deviceId: number, columns: readonly NewColumn[]): boolean {
    if (this.rows === 0) return true;
    // A batch names its devices, or none of them.
    if ((this.#devices[0] === 0) !== (deviceId === 0)) return false;
    return columns.every(({ measurement, type }) => (this.#columns.get(measurement)?.type ?? type) === type);
  }

  /** Adds row `row` of the columns. */
  add(timestamp: number, deviceId: number, columns: readonly NewColumn[], row: number): void {
    if (this.rows === this.#capacity) this.#grow();
    this.#timestamps[this.rows] = timestamp;
    this.#devices[this.rows] = deviceId;
    this.bytes += TIME_BYTES + (deviceId ? 2 : 0);
    for (const { measurement, type, values } of columns) {
      const value = values[row];
      if (!hasValue(value)) continue;
      const column = this.#columns.get(measurement) ?? this.#newColumn(measurement, type);
      // The caller has chosen the type of the column by the type of the values.
      (column.storage as unknown[])[this.rows] = type === "bools" ? Number(value) : value;
      column.validity[this.rows] = 1;
      this.bytes += VALUE_BYTES[type] + (typeof value === "string" ? value.length : 0);
    }
    this.rows += 1;
  }

  /** Removes the newest rows. */
  truncate(rows: number): void {
    const share = this.rows ? rows / this.rows : 0;
    for (const [measurement, column] of this.#columns) {
      column.validity.fill(0, rows);
      if (!column.validity.includes(1)) this.#columns.delete(measurement);
      // Rows without a value have a placeholder.
      const empty = newStorage(column.type, 1)[0];
      for (let row = rows; row < this.rows; row++) (column.storage as unknown[])[row] = empty;
    }
    this.bytes = Math.round(this.bytes * share);
    this.rows = rows;
  }

  /** Adds a time to each timestamp. */
  shift(milliseconds: number): void {
    for (let row = 0; row < this.rows; row++) {
      this.#timestamps[row] = Math.round((this.#timestamps[row] ?? 0) + milliseconds);
    }
  }

  /** Some rows as the bytes of a TelemetryBatch without its sequence. */
  encode(from = 0, to = this.rows): Uint8Array {
    const devices = this.#devices.subarray(from, to);
    const isOne = devices.every((id) => id === devices[0]);
    const columns: EncodedColumn[] = [];
    for (const [measurement, { type, storage, validity: valid }] of this.#columns) {
      const validity = valid.subarray(from, to);
      if (!validity.includes(1)) continue;
      const part = Array.isArray(storage) ? storage.slice(from, to) : storage.subarray(from, to);
      columns.push({ measurement, type, storage: part, validity: validity.includes(0) ? validity : undefined });
    }
    const timestamps = this.#timestamps.subarray(from, to);
    const deviceIds = isOne ? undefined : devices;
    return encodeRows({ timestamps, deviceId: isOne ? (devices[0] ?? 0) : 0, deviceIds, columns }, this.bytes);
  }

  #newColumn(measurement: string, type: ColumnType): OpenColumn {
    const { length } = measurement;
    const storage = newStorage(type, this.#capacity);
    const column = { type, storage, validity: new Uint8Array(this.#capacity) };
    this.#columns.set(measurement, column);
    this.bytes += COLUMN_BYTES + length + VALUE_BYTES[type] * this.rows;
    return column;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#timestamps = grown(this.#timestamps, new Float64Array(capacity));
    this.#devices = grown(this.#devices, new Int32Array(capacity));
    for (const column of this.#columns.values()) {
      column.validity = grown(column.validity, new Uint8Array(capacity));
      const storage = newStorage(column.type, capacity);
      if (Array.isArray(storage))
        column.storage.forEach((text, row) => {
          storage[row] = text as string;
        });
      else (storage as Float64Array).set(column.storage as Float64Array);
      column.storage = storage;
    }
    this.#capacity = capacity;
  }
}

function grown<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
