/** Batches in the JSON form of the conformance vectors. */
import { create } from "@bufbuild/protobuf";
import { bitAt } from "../src/batch-decoding.js";
import { type Column, type TelemetryBatch, TelemetryBatchSchema } from "../src/gen/iotflow/v1/telemetry_pb.js";
import type { Fields } from "./loop.js";

const PLACEHOLDERS = { doubles: 0, floats: 0, int64s: 0n, int32s: 0, bools: false, strings: "" };
type Type = keyof typeof PLACEHOLDERS;
const TYPES = Object.keys(PLACEHOLDERS) as Type[];

/** The batch of a JSON form. */
export function batchOf(form: Fields): TelemetryBatch {
  return create(TelemetryBatchSchema, {
    sequence: BigInt(form["sequence"] ?? 0),
    deviceId: form["device_id"] ?? 0,
    deviceIds: form["device_ids"] ?? [],
    timestamps: form["timestamps"].map(BigInt),
    atomic: form["atomic"] ?? false,
    columns: form["columns"].map(columnOf),
  });
}

/** The JSON form of a batch. */
export function jsonOf(batch: TelemetryBatch): Fields {
  return {
    sequence: String(batch.sequence),
    device_id: batch.deviceId,
    device_ids: batch.deviceIds,
    timestamps: batch.timestamps.map(String),
    atomic: batch.atomic,
    columns: batch.columns.map(formOf),
  };
}

function columnOf({ measurement, type, values }: { measurement: string; type: Type; values: unknown[] }): Fields {
  const given = values.map((value) => value ?? PLACEHOLDERS[type]);
  const typed = type === "int64s" ? given.map((value) => BigInt(value as string)) : given;
  const validity = values.includes(null) ? bitmap(values) : new Uint8Array();
  return { measurement, validity, [type]: typed };
}

function formOf(column: Column): Fields {
  const type = TYPES.find((each) => column[each].length > 0) ?? "doubles";
  const values = column[type].map((value, row) => {
    if (!bitAt(column.validity, row)) return null;
    return typeof value === "bigint" ? String(value) : value;
  });
  return { measurement: column.measurement, type, values };
}

function bitmap(values: readonly unknown[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value !== null) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  });
  return bits;
}
