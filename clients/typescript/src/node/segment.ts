/** The files of batches: records of a length, a checksum and a payload. */
import { crc32 } from "node:zlib";
import { decodeBatch, isOfKey } from "../batch-decoding.js";

/** Length and checksum, each 32 bits. */
export const HEADER_BYTES = 8;
const NAME = /^\d{20}\.batches$/;

/** A record that was found in a segment. */
export interface FoundRecord {
  readonly sequence: number;
  readonly rows: number;
  readonly isOfKey: boolean;
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

/** Whether this is the name of a segment. */
export function isSegmentName(name: string): boolean {
  return NAME.test(name);
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

/** The payload of a record; undefined if the record is damaged. */
export function payloadOf(record: Uint8Array): Uint8Array | undefined {
  const payload = record.subarray(HEADER_BYTES);
  const view = new DataView(record.buffer, record.byteOffset, HEADER_BYTES);
  const isWhole = view.getUint32(0, true) === payload.length && view.getUint32(4, true) === crc32(payload);
  return isWhole ? payload : undefined;
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
    const record = end <= bytes.length ? recordAt(bytes, offset, length) : undefined;
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

function recordAt(bytes: Uint8Array, offset: number, length: number): FoundRecord | undefined {
  const payload = payloadOf(bytes.subarray(offset - HEADER_BYTES, offset + length));
  if (!payload?.length) return undefined;
  try {
    const { sequence, timestamps } = decodeBatch(payload);
    return { sequence, rows: timestamps.length, isOfKey: isOfKey(payload), offset, length };
  } catch {
    // It is no batch.
    return undefined;
  }
}
