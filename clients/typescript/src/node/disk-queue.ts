/** The queue in a folder, which survives the process. */
import { closeSync, mkdirSync, readdirSync, readFileSync, truncateSync, unlinkSync } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type BatchQueue, type QueuedBatch, QueueIndex } from "../queue.js";
import { AcknowledgedFile } from "./acknowledged-file.js";
import { lockFile } from "./folder-lock.js";
import { encodeRecord, findRecords, HEADER_BYTES, segmentName, sequenceOf } from "./segment.js";

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** A full queue has at least so many segments, so that deleting one frees a part of it. */
const SEGMENTS_OF_LIMIT = 8;

interface Segment {
  readonly path: string;
  /** Size of its whole records. */
  end: number;
  /** Number of its batches that are in the queue. */
  batches: number;
}

interface BatchOnDisk extends QueuedBatch {
  readonly segment: Segment;
  readonly offset: number;
}

/** A queue in a folder, which one writer uses at a time. */
export class DiskQueue implements BatchQueue {
  lastSequence = 0;
  readonly #folder: string;
  readonly #lock: number;
  readonly #index = new QueueIndex<BatchOnDisk>();
  readonly #acknowledged: AcknowledgedFile;
  /** Files that are open for reading, by path. */
  readonly #readers = new Map<string, Promise<FileHandle>>();
  #segmentBytes = SEGMENT_BYTES;
  #newest: Segment | undefined;
  #file: FileHandle | undefined;
  #isDamaged = false;
  #removals: Promise<void> = Promise.resolve();

  /** Opens the folder, and makes it if there is none. Throws QUEUE_IN_USE. Reads everything that is in it. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#lock = lockFile(join(folder, "lock"));
    this.#acknowledged = new AcknowledgedFile(folder);
    try {
      this.#load();
    } catch (error) {
      closeSync(this.#lock);
      throw error;
    }
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  get rows(): number {
    return this.#index.rows;
  }

  /** Whether a part of the folder could not be read. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  setLimit(bytes: number): void {
    this.#segmentBytes = Math.min(SEGMENT_BYTES, bytes / SEGMENTS_OF_LIMIT);
  }

  after(sequence: number): QueuedBatch | undefined {
    return this.#index.after(sequence);
  }

  async append(rows: number, encode: (sequence: number) => Uint8Array): Promise<void> {
    const sequence = this.lastSequence + 1;
    const record = encodeRecord(encode(sequence));
    // Segments that were dropped make room for this one.
    await this.#removals;
    const segment = await this.#segmentFor(record.length, sequence);
    const offset = segment.end;
    try {
      await this.#writeAt(record, offset);
    } catch (error) {
      await this.#cutOff(segment);
      throw error;
    }
    segment.end += record.length;
    segment.batches += 1;
    this.lastSequence = sequence;
    this.#index.add({ sequence, rows, bytes: record.length, segment, offset: offset + HEADER_BYTES });
  }

  async read(batch: QueuedBatch): Promise<Uint8Array> {
    const { segment, offset, bytes } = batch as BatchOnDisk;
    const payload = new Uint8Array(bytes - HEADER_BYTES);
    const file = await this.#reader(segment.path);
    const { bytesRead } = await file.read(payload, 0, payload.length, offset);
    if (bytesRead !== payload.length) throw new Error(`${segment.path} is shorter than before.`);
    return payload;
  }

  acknowledge(sequence: number): number {
    const removed = this.#index.removeUpTo(sequence);
    for (const batch of removed) this.#release(batch.segment);
    if (removed.length > 0) this.#saveBegin();
    return removed.reduce((rows, batch) => rows + batch.rows, 0);
  }

  drop(batch: QueuedBatch): void {
    const dropped = this.#index.remove(batch);
    if (!dropped) return;
    this.#release(dropped.segment);
    this.#saveBegin();
  }

  saved(): Promise<void> {
    return this.#acknowledged.settled();
  }

  async close(): Promise<void> {
    await this.#acknowledged.settled();
    await this.#removals;
    await this.#file?.close();
    for (const reader of this.#readers.values()) await (await reader).close();
    closeSync(this.#lock);
  }

  /** Everything before the first batch of the queue is acknowledged or dropped. */
  #saveBegin(): void {
    this.#acknowledged.write((this.#index.first?.sequence ?? this.lastSequence + 1) - 1);
  }

  #load(): void {
    const acknowledged = this.#acknowledged.read();
    const sequences = readdirSync(this.#folder).map(sequenceOf);
    const firsts = sequences.filter((sequence) => sequence !== undefined).sort((one, other) => one - other);
    this.lastSequence = acknowledged;
    for (const first of firsts) this.#loadSegment(first, acknowledged, first === firsts.at(-1));
  }

  #loadSegment(first: number, acknowledged: number, isLast: boolean): void {
    const path = join(this.#folder, segmentName(first));
    const { records, end, rest } = findRecords(readFileSync(path), isLast);
    if (rest === "damage") this.#isDamaged = true;
    if (rest !== "nothing") truncateSync(path, end);
    const segment = { path, end, batches: 0 };
    for (const { sequence, rows, offset, length } of records) {
      this.lastSequence = Math.max(this.lastSequence, sequence);
      if (sequence <= acknowledged) continue;
      segment.batches += 1;
      this.#index.add({ sequence, rows, bytes: length + HEADER_BYTES, segment, offset });
    }
    if (segment.batches === 0) unlinkSync(path);
  }

  /** The segment for the next record. Segments of former processes are not continued. */
  async #segmentFor(bytes: number, sequence: number): Promise<Segment> {
    const newest = this.#newest;
    if (newest && this.#file && (newest.end === 0 || newest.end + bytes <= this.#segmentBytes)) return newest;
    const path = join(this.#folder, segmentName(sequence));
    const file = await open(path, "w", 0o600);
    await this.#file?.close();
    this.#file = file;
    this.#newest = { path, end: 0, batches: 0 };
    if (newest?.batches === 0) this.#delete(newest);
    await this.#syncFolder();
    return this.#newest;
  }

  /**
   * Removes what was written after the whole records, and ends the segment, so that it can be deleted when its batches are
   * dropped. A segment that the disk does not cut off goes on: the next record overwrites the rest.
   */
  async #cutOff(segment: Segment): Promise<void> {
    try {
      await this.#file?.truncate(segment.end);
    } catch {
      return;
    }
    if (segment.end === 0) return;
    this.#newest = undefined;
    if (segment.batches === 0) this.#delete(segment);
  }

  async #writeAt(record: Uint8Array, position: number): Promise<void> {
    if (!this.#file) throw new Error("No segment is open.");
    const { bytesWritten } = await this.#file.write(record, 0, record.length, position);
    if (bytesWritten !== record.length) throw new Error("The disk took a part of a record only.");
    await this.#file.datasync();
  }

  async #syncFolder(): Promise<void> {
    // Windows cannot open a folder.
    if (process.platform === "win32") return;
    const folder = await open(this.#folder, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  #reader(path: string): Promise<FileHandle> {
    const known = this.#readers.get(path);
    if (known) return known;
    const opened = open(path, "r");
    this.#readers.set(path, opened);
    opened.catch(() => this.#readers.delete(path));
    return opened;
  }

  #release(segment: Segment): void {
    segment.batches -= 1;
    if (segment.batches === 0 && segment !== this.#newest) this.#delete(segment);
  }

  #delete(segment: Segment): void {
    const reader = this.#readers.get(segment.path);
    this.#readers.delete(segment.path);
    this.#removals = this.#removals.then(async () => {
      await (await reader)?.close();
      await unlink(segment.path);
    });
    // A file that stays is read again by the next process, and deleted then.
    this.#removals = this.#removals.catch(() => undefined);
  }
}
