import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { decodeBatch, isValid, rowValues } from "../src/batch-decoding.js";
import { withSequence } from "../src/batch-encoding.js";
import type { ColumnType, ColumnValues } from "../src/columns.js";
import { TelemetryBatchSchema } from "../src/gen/iotflow/v1/telemetry_pb.js";
import { OpenBatch } from "../src/open-batch.js";

const LONG = "ü".repeat(300);
const CASES: readonly [ColumnType, ColumnValues][] = [
  ["doubles", [0.1, null, -1.7976931348623157e308]],
  ["floats", [0.5, -2.5, null]],
  ["int64s", [9223372036854775807n, -9223372036854775808n, null]],
  ["int32s", [null, 2147483647, -2147483648]],
  ["bools", [true, false, null]],
  ["strings", ["", LONG, null]],
];

function batchOf(type: ColumnType, values: ColumnValues): Uint8Array {
  const batch = new OpenBatch();
  values.forEach((_, row) => {
    batch.add(1_700_000_000_000 + row, 7, [{ measurement: "level", type, values }], row);
  });
  return withSequence(5, batch.encode());
}

for (const [type, values] of CASES) {
  test(`${type} are what the stubs read`, () => {
    const batch = fromBinary(TelemetryBatchSchema, batchOf(type, values));
    assert.equal(batch.sequence, 5n);
    assert.equal(batch.deviceId, 7);
    assert.deepEqual(batch.timestamps, [1_700_000_000_000n, 1_700_000_000_001n, 1_700_000_000_002n]);
    const column = batch.columns[0];
    const placeholder = { strings: "", bools: false, int64s: 0n, doubles: 0, floats: 0, int32s: 0 }[type];
    assert.deepEqual(
      column?.[type],
      Array.from(values, (value) => value ?? placeholder),
    );
  });

  test(`${type} that the stubs write are read`, () => {
    const bytes = toBinary(TelemetryBatchSchema, fromBinary(TelemetryBatchSchema, batchOf(type, values)));
    const batch = decodeBatch(bytes);
    const rows = Array.from(values, (_, row) => rowValues(batch, row)["level"] ?? null);
    assert.deepEqual(rows, Array.from(values));
    assert.deepEqual(Array.from(batch.timestamps), [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_002]);
  });
}

test("a column without missing values has no bitmap", () => {
  const batch = decodeBatch(batchOf("doubles", [1, 2, 3, 4, 5, 6, 7, 8, 9]));
  assert.equal(batch.columns[0]?.validity, undefined);
});

test("the bitmap names the rows that have a value", () => {
  const column = decodeBatch(batchOf("doubles", [1, 2, 3, 4, 5, 6, 7, 8, Number.NaN, 10])).columns[0];
  assert.ok(column);
  assert.deepEqual(
    Array.from({ length: 10 }, (_, row) => isValid(column, row)),
    [true, true, true, true, true, true, true, true, false, true],
  );
});

test("times before 1970 and beyond 32 bits are written", () => {
  const batch = new OpenBatch();
  const times = [-1, 0, 2 ** 31, 2 ** 32, 253_402_300_799_999];
  for (const time of times) batch.add(time, 0, [{ measurement: "a", type: "doubles", values: [1] }], 0);
  assert.deepEqual(Array.from(decodeBatch(batch.encode()).timestamps), times);
});

test("rows of many devices name each of them", () => {
  const batch = new OpenBatch();
  for (const id of [3, 4, 300]) batch.add(id, id, [{ measurement: "a", type: "doubles", values: [1] }], 0);
  assert.deepEqual(decodeBatch(batch.encode()).deviceIds, Int32Array.of(3, 4, 300));
});
