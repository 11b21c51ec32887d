/** The files of batches: records of a length, a checksum and a payload. */
import { crc32 } from "node:zlib";
import { decodeBatch } from "../batch-decoding.js";

/** Length and checksum, each 32 bits. */
export const HEADER_BYTES = 8;
const NAME = /^(\d{20})\.batches$/;

/** A record that was found in a segment. */
export interface FoundRecord {
  readonly sequence: number;
  readonly rows: number;
  /** Position of the payload in the segment. */
  readonly offset: number;
  readonly length: number;
}

/** What a segment holds. */
export interface FoundRecords {
  readonly records: readonly FoundRecord[];
  /** Size of the records that are whole. */
  readonly end: number;
  /** What follows them: nothing, a record that the end of a process cut off, or damage. */
  readonly rest: "nothing" | "cut" | "damage";
}

/** The name of the segment that begins with the sequence. */
export function segmentName(sequence: number): string {
  return `${String(sequence).padStart(20, "0")}.batches`;
}

/** The first sequence of a segment, if this is the name of one. */
export function sequenceOf(name: string): number | undefined {
  const match = NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** A record with the payload. */
export function encodeRecord(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, payload.length, true);
  view.setUint32(4, crc32(payload), true);
  record.set(payload, HEADER_BYTES);
  return record;
}

/** The records of a segment, up to the first one that is cut off or damaged. */
export function findRecords(bytes: Uint8Array, isLast: boolean): FoundRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: FoundRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const offset = at + HEADER_BYTES;
    const length = offset <= bytes.length ? view.getUint32(at, true) : 0;
    const end = offset + length;
    const record = end <= bytes.length ? recordAt(bytes, view, offset, length) : undefined;
    if (!record) return { records, end: at, rest: isLast && isZero(bytes.subarray(end)) ? "cut" : "damage" };
    records.push(record);
    at = end;
  }
  return { records, end: at, rest: "nothing" };
}

/** A file system may leave zeros in place of what was not synchronized. */
function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function recordAt(bytes: Uint8Array, view: DataView, offset: number, length: number): FoundRecord | undefined {
  const payload = bytes.subarray(offset, offset + length);
  if (length === 0 || crc32(payload) !== view.getUint32(offset - 4, true)) return undefined;
  const { sequence, timestamps } = decodeBatch(payload);
  return { sequence, rows: timestamps.length, offset, length };
}
