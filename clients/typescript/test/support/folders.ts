/** Folders of queues in tests. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "node:test";
import { withSequence } from "../../src/batch-encoding.js";
import { OpenBatch } from "../../src/open-batch.js";
import type { BatchQueue } from "../../src/queue.js";

/** Rows of every batch of fill(). */
export const ROWS = 3;
const folders: string[] = [];

/** A new folder, which is removed after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "queue-"));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Adds batches with a text of so many characters in each row. deviceId 0: that of the key. */
export async function fill(queue: BatchQueue, count: number, size = 10, deviceId = 0): Promise<void> {
  const batch = rows(size, deviceId);
  for (let each = 0; each < count; each++) await queue.append(ROWS, (sequence) => withSequence(sequence, batch));
}

/** The names of the segments in a folder. */
export function segments(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".batches"))
    .sort();
}

function rows(size: number, deviceId: number): Uint8Array {
  const batch = new OpenBatch();
  const columns = [{ measurement: "text", type: "strings" as const, values: ["x".repeat(size)] }];
  for (let row = 0; row < ROWS; row++) batch.add(row, deviceId, columns, 0);
  return batch.encode();
}
