import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeRecord, segmentName } from "../src/node/segment.js";
import { DiskQueue, type ServerError, TelemetryWriter } from "../src/node.js";
import { fill, newFolder, ROWS, segments } from "./support/folders.js";
import { ScriptedServer } from "./support/scripted-server.js";

/** Two of these batches fill a segment of this queue. */
const SIZE = 40_000;
const LIMIT = 2_400_000;
const FLUSH_MS = 10_000;
const FIRST = segmentName(1);
const SECOND = segmentName(3);

/** What happens to the file of the batches 3 and 4, and the sequences that are sent nevertheless. */
const HARM: readonly [string, (path: string) => void, number[]][] = [
  ["emptied", (path) => truncateSync(path, 0), [1, 2, 5]],
  ["cut off", (path) => truncateSync(path, readFileSync(path).length - 1), [1, 2, 3, 5]],
  ["removed", (path) => rmSync(path), [1, 2, 5]],
  ["damaged at its begin", (path) => flip(path, 0), [1, 2, 4, 5]],
  ["damaged in a checksum", (path) => flip(path, 4), [1, 2, 4, 5]],
  ["damaged in a payload", (path) => flip(path, 1000), [1, 2, 4, 5]],
];

for (const [name, harm, expected] of HARM) {
  test(`a segment that is ${name} while its writer runs is damaged, and the others are sent`, async (context) => {
    const server = await ScriptedServer.open(context);
    const folder = newFolder();
    const queue = new DiskQueue(folder);
    queue.setLimit(LIMIT);
    await fill(queue, 5, SIZE);
    assert.deepEqual(segments(folder), [FIRST, SECOND, segmentName(5)]);
    harm(join(folder, SECOND));
    const dropped: [number, string][] = [];
    const onDropped = (rows: number, reason: string) => dropped.push([rows, reason]);
    const interrupted: string[] = [];
    const onInterrupted = ({ message }: ServerError) => interrupted.push(message);
    const writer = new TelemetryWriter(server.connect(), { queue, onDropped, onInterrupted });
    await writer.close(FLUSH_MS);
    assert.deepEqual(server.sequences, expected);
    const lost = 5 - expected.length;
    assert.deepEqual(dropped, Array(lost).fill([ROWS, "DAMAGED"]));
    assert.equal(writer.status.droppedRows, lost * ROWS);
    assert.deepEqual(interrupted, []);
    assert.deepEqual(segments(folder), [segmentName(5)]);
  });
}

const HARM_TO_NEWEST: readonly [string, (path: string) => void][] = [
  ["cut", (path) => truncateSync(path, 0)],
  ["removed", (path) => rmSync(path)],
  ["replaced", (path) => replace(path)],
];

for (const [name, harm] of HARM_TO_NEWEST) {
  for (const filled of [0, 1]) {
    test(`a batch after the newest segment with ${filled} was ${name} survives the process`, async () => {
      const folder = newFolder();
      const queue = new DiskQueue(folder);
      await fill(queue, 1);
      // The segment stays, because it is the newest one.
      if (filled === 0) queue.acknowledge(1);
      await queue.saved();
      harm(join(folder, FIRST));
      await fill(queue, 1);
      await queue.close();
      const next = new DiskQueue(folder);
      assert.equal(next.after(1)?.sequence, 2);
      assert.ok(await next.read(next.after(1) ?? assert.fail()));
      await next.close();
    });
  }
}

test("a batch that cannot be read now stays, and the handler of interruptions gets the cause", async (context) => {
  const server = await ScriptedServer.open(context);
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 1);
  const path = join(folder, FIRST);
  const content = readFileSync(path);
  rmSync(path);
  mkdirSync(path);
  const messages: string[] = [];
  const onInterrupted = ({ code, message }: ServerError) => {
    messages.push(`${code} ${message}`);
    rmSync(path, { recursive: true, force: true });
    writeFileSync(path, content);
  };
  const writer = new TelemetryWriter(server.connect(), { queue, onInterrupted });
  await writer.flush(FLUSH_MS);
  assert.match(messages[0] ?? "", /^UNAVAILABLE The queue cannot be read: EISDIR/);
  assert.deepEqual(server.sequences, [1]);
  await writer.close(FLUSH_MS);
});

test("a record with a checksum that is no batch is damage", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, FIRST), encodeRecord(Uint8Array.of(0x0f)));
  const queue = new DiskQueue(folder);
  assert.equal(queue.after(0), undefined);
  await queue.close();
});

function flip(path: string, at: number): void {
  const content = readFileSync(path);
  content[at] = (content[at] ?? 0) ^ 1;
  writeFileSync(path, content);
}

function replace(path: string): void {
  const content = readFileSync(path);
  rmSync(path);
  writeFileSync(path, content);
}
