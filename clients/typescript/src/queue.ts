/** What is not acknowledged: the interface of a queue, its index, and the queue in memory. */

/** A batch in a queue. */
export interface QueuedBatch {
  readonly sequence: number;
  readonly rows: number;
  /** Size in the queue. */
  readonly bytes: number;
  /** Whether it carries no device, so that the key decides whose it is, and the queue may outlive the key. */
  readonly isOfKey?: boolean;
}

/** Batches in the order of their sequences. */
export interface BatchQueue {
  /** Size of all batches. */
  readonly bytes: number;
  readonly rows: number;
  /** Whether batches were lost by damage before the queue was opened. */
  readonly isDamaged: boolean;
  /** The sequence of the newest batch that the queue ever had. */
  readonly lastSequence: number;
  /** Tells the bytes that the queue may hold at most: its files are small enough for that. */
  setLimit(bytes: number): void;
  /** The first batch with a higher sequence. */
  after(sequence: number): QueuedBatch | undefined;
  /** Stores a batch under the next sequence; makes the bytes of a TelemetryBatch with it. Rejects if the disk fails. */
  append(rows: number, encode: (sequence: number) => Uint8Array): Promise<void>;
  /** The bytes of a batch as TelemetryBatch; undefined if they are damaged. Rejects if another attempt may succeed. */
  read(batch: QueuedBatch): Promise<Uint8Array | undefined>;
  /** Removes every batch up to the sequence. Returns their rows. */
  acknowledge(sequence: number): number;
  /** Removes one batch. */
  drop(batch: QueuedBatch): void;
  /** Whether a batch is of a key. */
  readonly isOfKey?: boolean;
  /** Makes the batches those of a device. Rejects with QUEUE_OF_ANOTHER_DEVICE if they are another's. */
  claim?(deviceId: number): Promise<void>;
  /** Waits until the disk has what was acknowledged, as far as it takes it. */
  saved(): Promise<void>;
  /** Releases everything. What a queue on disk holds stays there. */
  close(): Promise<void>;
}

/** The batches of a queue in order, and their sums. */
export class QueueIndex<B extends QueuedBatch> {
  bytes = 0;
  rows = 0;
  #batches: B[] = [];
  // Batches before this position are removed; the array is cut now and then.
  #begin = 0;

  get first(): B | undefined {
    return this.#batches[this.#begin];
  }

  add(batch: B): void {
    this.#batches.push(batch);
    this.bytes += batch.bytes;
    this.rows += batch.rows;
  }

  after(sequence: number): B | undefined {
    return this.#batches[this.#position(sequence)];
  }

  /** Removes every batch up to the sequence, and returns them. */
  removeUpTo(sequence: number): B[] {
    const end = this.#position(sequence);
    const removed = this.#batches.slice(this.#begin, end);
    this.#begin = end;
    if (this.#begin * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#begin);
      this.#begin = 0;
    }
    for (const batch of removed) this.#subtract(batch);
    return removed;
  }

  /** Removes one batch. Returns whether it was there. */
  remove(batch: QueuedBatch): B | undefined {
    const position = this.#position(batch.sequence - 1);
    const found = this.#batches[position];
    if (found?.sequence !== batch.sequence) return undefined;
    this.#batches.splice(position, 1);
    this.#subtract(found);
    return found;
  }

  /** The position of the first batch after the sequence. */
  #position(sequence: number): number {
    let low = this.#begin;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle]?.sequence ?? 0) > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #subtract(batch: B): void {
    this.bytes -= batch.bytes;
    this.rows -= batch.rows;
  }
}

interface BatchInMemory extends QueuedBatch {
  readonly payload: Uint8Array;
}

/** A queue that ends with the process. */
export class MemoryQueue implements BatchQueue {
  readonly isDamaged = false;
  lastSequence = 0;
  readonly #index = new QueueIndex<BatchInMemory>();

  get bytes(): number {
    return this.#index.bytes;
  }

  get rows(): number {
    return this.#index.rows;
  }

  setLimit(): void {}

  after(sequence: number): QueuedBatch | undefined {
    return this.#index.after(sequence);
  }

  async append(rows: number, encode: (sequence: number) => Uint8Array): Promise<void> {
    const sequence = this.lastSequence + 1;
    const payload = encode(sequence);
    this.#index.add({ sequence, rows, bytes: payload.length, payload });
    this.lastSequence = sequence;
  }

  async read(batch: QueuedBatch): Promise<Uint8Array> {
    return (batch as BatchInMemory).payload;
  }

  acknowledge(sequence: number): number {
    return this.#index.removeUpTo(sequence).reduce((rows, batch) => rows + batch.rows, 0);
  }

  drop(batch: QueuedBatch): void {
    this.#index.remove(batch);
  }

  async saved(): Promise<void> {}

  async close(): Promise<void> {}
}
