/** The queue in a folder, which survives the process. */
import { closeSync, readFileSync, truncateSync, unlinkSync } from "node:fs";
import { unlink } from "node:fs/promises";
import { join } from "node:path";
import { isOfKey } from "../batch-decoding.js";
import { type BatchQueue, type QueuedBatch, QueueIndex } from "../queue.js";
import { acknowledgedContent, acknowledgedIn } from "./acknowledged.js";
import { QueueDevice } from "./queue-device.js";
import { ACKNOWLEDGED, DEVICE, lockFolder, segmentNames } from "./queue-folder.js";
import { encodeRecord, findRecords, HEADER_BYTES } from "./segment.js";
import { SegmentReaders } from "./segment-readers.js";
import { type Place, type Segment, SegmentWriter } from "./segment-writer.js";
import { SmallFile } from "./small-file.js";

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** A full queue has at least so many segments, so that deleting one frees a part of it. */
const SEGMENTS_OF_LIMIT = 8;

interface BatchOnDisk extends QueuedBatch, Place {
  readonly isOfKey: boolean;
}

/** A queue in a folder, which one writer uses at a time. */
export class DiskQueue implements BatchQueue {
  lastSequence = 0;
  readonly #folder: string;
  readonly #lock: number;
  readonly #index = new QueueIndex<BatchOnDisk>();
  readonly #acknowledged: SmallFile;
  readonly #device: QueueDevice;
  readonly #readers = new SegmentReaders();
  readonly #writer: SegmentWriter;
  /** Number of batches that carry no device. */
  #batchesOfKey = 0;
  #isDamaged = false;
  #removals: Promise<void> = Promise.resolve();

  /** Opens the folder, and makes it if there is none. Throws QUEUE_IN_USE. Reads everything that is in it. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#lock = lockFolder(folder);
    this.#acknowledged = new SmallFile(join(folder, ACKNOWLEDGED), false);
    this.#device = new QueueDevice(folder, join(folder, DEVICE));
    this.#writer = new SegmentWriter(folder, SEGMENT_BYTES, (segment) => this.#delete(segment));
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

  get isOfKey(): boolean {
    return this.#batchesOfKey > 0;
  }

  setLimit(bytes: number): void {
    this.#writer.limit = Math.min(SEGMENT_BYTES, bytes / SEGMENTS_OF_LIMIT);
  }

  after(sequence: number): QueuedBatch | undefined {
    return this.#index.after(sequence);
  }

  async append(rows: number, encode: (sequence: number) => Uint8Array): Promise<void> {
    const sequence = this.lastSequence + 1;
    const payload = encode(sequence);
    const record = encodeRecord(payload);
    // Segments that were dropped make room for this one.
    await this.#removals;
    const place = await this.#writer.append(record, sequence);
    this.lastSequence = sequence;
    this.#add({ sequence, rows, bytes: record.length, isOfKey: isOfKey(payload), ...place });
  }

  read(batch: QueuedBatch): Promise<Uint8Array | undefined> {
    const { segment, position, bytes } = batch as BatchOnDisk;
    return this.#readers.payload(segment.path, position, bytes);
  }

  claim(deviceId: number): Promise<void> {
    return this.#device.claim(deviceId, !this.isOfKey);
  }

  acknowledge(sequence: number): number {
    const removed = this.#index.removeUpTo(sequence);
    for (const batch of removed) this.#release(batch);
    if (removed.length > 0) this.#saveBegin();
    return removed.reduce((rows, batch) => rows + batch.rows, 0);
  }

  drop(batch: QueuedBatch): void {
    const dropped = this.#index.remove(batch);
    if (!dropped) return;
    this.#release(dropped);
    this.#saveBegin();
  }

  saved(): Promise<void> {
    return this.#acknowledged.settled();
  }

  async close(): Promise<void> {
    await this.#acknowledged.settled();
    await this.#device.settled();
    await this.#removals;
    await this.#writer.close();
    await this.#readers.closeAll();
    closeSync(this.#lock);
  }

  /** Everything before the first batch of the queue is acknowledged or dropped. */
  #saveBegin(): void {
    const end = (this.#index.first?.sequence ?? this.lastSequence + 1) - 1;
    this.#acknowledged.write(acknowledgedContent(end));
    this.#device.save();
  }

  #load(): void {
    const acknowledged = acknowledgedIn(this.#acknowledged.read());
    const names = segmentNames(this.#folder);
    this.lastSequence = acknowledged;
    for (const name of names) this.#loadSegment(join(this.#folder, name), acknowledged, name === names.at(-1));
    this.#device.load(!this.isOfKey);
  }

  #loadSegment(path: string, acknowledged: number, isLast: boolean): void {
    const { records, end, rest } = findRecords(readFileSync(path), isLast);
    if (rest === "damage") this.#isDamaged = true;
    if (rest !== "nothing") truncateSync(path, end);
    const segment = { path, end, batches: 0 };
    for (const { sequence, rows, isOfKey, offset, length } of records) {
      this.lastSequence = Math.max(this.lastSequence, sequence);
      if (sequence <= acknowledged) continue;
      const position = offset - HEADER_BYTES;
      this.#add({ sequence, rows, bytes: length + HEADER_BYTES, isOfKey, segment, position });
    }
    if (segment.batches === 0) unlinkSync(path);
  }

  #add(batch: BatchOnDisk): void {
    batch.segment.batches += 1;
    if (batch.isOfKey) this.#batchesOfKey += 1;
    this.#index.add(batch);
  }

  #release({ segment, isOfKey }: BatchOnDisk): void {
    if (isOfKey) this.#batchesOfKey -= 1;
    segment.batches -= 1;
    if (segment.batches === 0 && !this.#writer.continues(segment)) void this.#delete(segment);
  }

  #delete({ path }: Segment): Promise<void> {
    this.#removals = this.#removals.then(async () => {
      await this.#readers.close(path);
      await unlink(path);
    });
    // A file that stays is read again by the next process, and deleted then.
    this.#removals = this.#removals.catch(() => undefined);
    return this.#removals;
  }
}
