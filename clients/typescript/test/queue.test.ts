import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeBatch } from "../src/batch-decoding.js";
import { DiskQueue } from "../src/node/disk-queue.js";
import { segmentName } from "../src/node/segment.js";
import { type BatchQueue, MemoryQueue } from "../src/queue.js";
import { ServerError } from "../src/server-error.js";
import { fill, newFolder, ROWS, segments } from "./support/folders.js";

const FIRST = segmentName(1);

/** The sequences of all batches, read from the queue. */
async function sequences(queue: BatchQueue): Promise<number[]> {
  const found = [];
  for (let batch = queue.after(0); batch; batch = queue.after(batch.sequence)) {
    assert.equal(batch.rows, ROWS);
    const bytes = await queue.read(batch);
    assert.ok(bytes);
    found.push(decodeBatch(bytes).sequence);
  }
  return found;
}

async function reopened(folder: string): Promise<{ found: number[]; last: number; isDamaged: boolean }> {
  const queue = new DiskQueue(folder);
  const result = { found: await sequences(queue), last: queue.lastSequence, isDamaged: queue.isDamaged };
  await queue.close();
  return result;
}

for (const [name, open] of [
  ["memory", () => new MemoryQueue()],
  ["disk", () => new DiskQueue(newFolder())],
] as const) {
  test(`${name}: batches leave in order, and sizes add up`, async () => {
    const queue = open();
    await fill(queue, 5);
    const all = queue.bytes;
    assert.equal(queue.rows, 15);
    assert.equal(queue.acknowledge(2), 6);
    assert.deepEqual(await sequences(queue), [3, 4, 5]);
    assert.equal(queue.bytes * 5, all * 3);
    assert.equal(queue.acknowledge(1), 0);
    await queue.close();
  });

  test(`${name}: a batch in the middle is dropped`, async () => {
    const queue = open();
    await fill(queue, 4);
    const second = queue.after(1);
    assert.ok(second);
    queue.drop(second);
    queue.drop(second);
    assert.deepEqual(await sequences(queue), [1, 3, 4]);
    assert.equal(queue.rows, 9);
    await queue.close();
  });
}

test("a folder keeps what was not acknowledged, and its sequences", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3);
  queue.acknowledge(1);
  await queue.close();
  assert.deepEqual(await reopened(folder), { found: [2, 3], last: 3, isDamaged: false });
});

test("sequences go on where everything was acknowledged", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3);
  queue.acknowledge(3);
  await queue.close();
  assert.equal((await reopened(folder)).last, 3);
  const next = new DiskQueue(folder);
  await fill(next, 1);
  assert.deepEqual(await sequences(next), [4]);
  await next.close();
});

test("segments end at 4 MiB, and are deleted when they are acknowledged", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 7, 500_000);
  assert.deepEqual(segments(folder), [1, 3, 5, 7].map(segmentName));
  queue.acknowledge(5);
  await queue.close();
  assert.deepEqual(segments(folder), [5, 7].map(segmentName));
  assert.deepEqual((await reopened(folder)).found, [6, 7]);
});

test("segments of a small queue end at an eighth of its limit", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  queue.setLimit(2_400_000);
  await fill(queue, 5, 40_000);
  await queue.close();
  assert.deepEqual(segments(folder), [1, 3, 5].map(segmentName));
});

test("a record is cut off at any byte without loss of those before it", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3);
  const { bytes } = queue;
  await queue.close();
  const whole = readFileSync(join(folder, FIRST));
  for (let missing = 1; missing <= bytes / 3; missing++) {
    writeFileSync(join(folder, FIRST), whole.subarray(0, whole.length - missing));
    assert.deepEqual(await reopened(folder), { found: [1, 2], last: 2, isDamaged: false }, `${missing} bytes`);
  }
});

test("zeros at the end are cut off", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3);
  await queue.close();
  const whole = readFileSync(join(folder, FIRST));
  const torn = Buffer.concat([whole.subarray(0, -1), Buffer.of(0xff)]);
  for (const zeros of [1, 8, 9, 4096]) {
    writeFileSync(join(folder, FIRST), Buffer.concat([whole, Buffer.alloc(zeros)]));
    assert.deepEqual(await reopened(folder), { found: [1, 2, 3], last: 3, isDamaged: false }, `${zeros} zeros`);
    writeFileSync(join(folder, FIRST), Buffer.concat([torn, Buffer.alloc(zeros)]));
    assert.deepEqual(await reopened(folder), { found: [1, 2], last: 2, isDamaged: false }, `${zeros} zeros`);
  }
});

test("damage in the middle is reported and skips the rest of the segment", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3, 1_000_000);
  await queue.close();
  assert.deepEqual(segments(folder), [1, 2, 3].map(segmentName));
  const path = join(folder, FIRST);
  const content = readFileSync(path);
  content[100] = (content[100] ?? 0) ^ 1;
  writeFileSync(path, content);
  assert.deepEqual(await reopened(folder), { found: [2, 3], last: 3, isDamaged: true });
});

test("without the file of acknowledgements everything is sent again", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 3);
  queue.acknowledge(2);
  await queue.close();
  truncateSync(join(folder, "acknowledged"), 5);
  assert.deepEqual((await reopened(folder)).found, [1, 2, 3]);
});

test("a folder has one writer", async () => {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  assert.throws(
    () => new DiskQueue(folder),
    (error) => error instanceof ServerError && error.reason === "QUEUE_IN_USE",
  );
  // Other clients take the same lock.
  assert.equal(spawnSync("flock", ["-n", join(folder, "lock"), "true"]).status, 1);
  await queue.close();
  assert.equal(spawnSync("flock", ["-n", join(folder, "lock"), "true"]).status, 0);
});
