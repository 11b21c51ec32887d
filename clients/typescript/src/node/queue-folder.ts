/** The folder of a queue: its lock, its files, and those that are not its own. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { lockFile } from "./folder-lock.js";
import { isSegmentName } from "./segment.js";
import { DRAFT } from "./small-file.js";

const LOCK = "lock";
export const ACKNOWLEDGED = "acknowledged";
export const DEVICE = "device";
const OWN: ReadonlySet<string> = new Set([LOCK, ACKNOWLEDGED, ACKNOWLEDGED + DRAFT, DEVICE, DEVICE + DRAFT]);
/** So many names are logged. */
const MOST_NAMES = 10;

/** Makes the folder, for its owner alone, if there is none. Returns the descriptor of its lock. Throws QUEUE_IN_USE. */
export function lockFolder(folder: string): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return lockFile(join(folder, LOCK));
}

/** The names of the segments, oldest first. Logs the names of files that are not the queue's. */
export function segmentNames(folder: string): string[] {
  const segments: string[] = [];
  const others: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (isSegmentName(entry.name) && entry.isFile()) segments.push(entry.name);
    else if (!OWN.has(entry.name)) others.push(JSON.stringify(entry.name));
  }
  if (others.length > 0) warn(folder, others);
  return segments.sort();
}

function warn(folder: string, names: readonly string[]): void {
  const rest = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : "";
  const shown = names.slice(0, MOST_NAMES).join(", ");
  process.emitWarning(`The queue in ${folder} leaves files alone that are not its own: ${shown}${rest}.`);
}
