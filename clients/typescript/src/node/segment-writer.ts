/** Writes records into segments. */
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { segmentName } from "./segment.js";
import { syncFolder } from "./sync-folder.js";

/** A file of batches. */
export interface Segment {
  readonly path: string;
  /** Size of its whole records. */
  end: number;
  /** Number of its batches that are in the queue. */
  batches: number;
}

/** Where a record is. */
export interface Place {
  readonly segment: Segment;
  readonly position: number;
}

/** Appends records to the newest segment. Segments of former processes are not continued. */
export class SegmentWriter {
  /** Size at which a segment ends, if it has more than one record. */
  limit: number;
  readonly #folder: string;
  readonly #remove: (segment: Segment) => Promise<void>;
  #newest: Segment | undefined;
  #file: FileHandle | undefined;

  /** remove: deletes a segment without batches. */
  constructor(folder: string, limit: number, remove: (segment: Segment) => Promise<void>) {
    this.#folder = folder;
    this.limit = limit;
    this.#remove = remove;
  }

  /** Whether the segment takes further records. */
  continues(segment: Segment): boolean {
    return segment === this.#newest;
  }

  /** Writes a record durably. sequence: that of its batch. */
  async append(record: Uint8Array, sequence: number): Promise<Place> {
    const segment = await this.#segmentFor(record.length, sequence);
    const position = segment.end;
    try {
      await this.#writeAt(record, position);
    } catch (error) {
      await this.#cutOff(segment);
      throw error;
    }
    segment.end += record.length;
    return { segment, position };
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #segmentFor(bytes: number, sequence: number): Promise<Segment> {
    const newest = this.#newest;
    const isIntact = newest !== undefined && (await this.#isIntact(newest));
    if (isIntact && (newest.end === 0 || newest.end + bytes <= this.limit)) return newest;
    this.#newest = undefined;
    // An empty one has the name of the next one.
    if (newest?.batches === 0) await this.#remove(newest);
    return this.#newSegment(sequence);
  }

  async #newSegment(sequence: number): Promise<Segment> {
    const path = join(this.#folder, segmentName(sequence));
    const former = this.#file;
    this.#file = await open(path, "wx", 0o600);
    const segment = { path, end: 0, batches: 0 };
    this.#newest = segment;
    await former?.close();
    await syncFolder(this.#folder);
    return segment;
  }

  /** Whether the file still is what was written. Something may have cut or removed it, and with it a record that follows. */
  async #isIntact({ path, end }: Segment): Promise<boolean> {
    try {
      const [named, opened] = await Promise.all([stat(path), this.#file?.stat()]);
      return named.ino === opened?.ino && named.size >= end;
    } catch {
      return false;
    }
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
    if (segment.batches === 0) void this.#remove(segment);
  }

  async #writeAt(record: Uint8Array, position: number): Promise<void> {
    if (!this.#file) throw new Error("No segment is open.");
    const { bytesWritten } = await this.#file.write(record, 0, record.length, position);
    if (bytesWritten !== record.length) throw new Error("The disk took a part of a record only.");
    await this.#file.datasync();
  }
}
