/** Sends telemetry, and keeps it until it is acknowledged. */
import { withSequence } from "./batch-encoding.js";
import type { ServerClock } from "./clock.js";
import { type Columns, type Row, typeOf, typeOfColumn } from "./columns.js";
import type { Connection } from "./connection.js";
import { type NewColumn, OpenBatch } from "./open-batch.js";
import { type DropReason, type Policy, Sampler } from "./policy.js";
import { type BatchQueue, MemoryQueue } from "./queue.js";
import { type RejectedRows, Sender } from "./sender.js";
import { ServerError } from "./server-error.js";
import { Changes, sleep, Turns, within } from "./waiting.js";

const DISK_RETRY_MS = 1000;

/** Options of a writer. */
export interface WriterOptions {
  /** What is not acknowledged. Default: in memory. */
  readonly queue?: BatchQueue | undefined;
  /** Largest size of the queue in bytes. Default: 64 MiB. */
  readonly limit?: number | undefined;
  /** What happens while the queue is full. Default: `wait`. */
  readonly policy?: Policy | undefined;
  /** A batch ends at this number of rows. Default: 1000. */
  readonly rows?: number | undefined;
  /** A batch ends at this size. Default: 256 KiB. */
  readonly bytes?: number | undefined;
  /** A batch ends when its first row is this old. Default: 1000. */
  readonly ageMs?: number | undefined;
  /** Largest number of batches on the way without acknowledgement. Default: 64. */
  readonly window?: number | undefined;
  /** The clock of rows without a time. Default: that of the device. */
  readonly clock?: ServerClock | undefined;
  /** Called with rows that the server did not store. */
  readonly onRejected?: ((rejected: RejectedRows) => void) | undefined;
  /** Called with the number of rows that a full queue or damage lost. */
  readonly onDropped?: ((rows: number, reason: DropReason) => void) | undefined;
  /** Called when sending was interrupted, with the pause until the next attempt. */
  readonly onInterrupted?: ((error: ServerError, delayMs: number) => void) | undefined;
}

/** The numbers of a writer. */
export interface WriterStatus {
  readonly queuedRows: number;
  readonly queuedBytes: number;
  readonly acknowledgedRows: number;
  readonly rejected: number;
  readonly droppedRows: number;
  readonly interruptions: number;
}

/** The rows of one call. */
interface NewRows {
  readonly count: number;
  readonly columns: readonly NewColumn[];
  time(row: number): number | undefined;
  /** For rows without a time: milliseconds since they were measured. */
  readonly ageMs: number;
  device(row: number): number;
}

/** Takes rows and columns, makes batches of them, and sends them over StreamTelemetry. */
export class TelemetryWriter {
  readonly #queue: BatchQueue;
  readonly #limit: number;
  readonly #policy: Policy;
  readonly #rows: number;
  readonly #bytes: number;
  readonly #ageMs: number;
  readonly #clock: ServerClock | undefined;
  readonly #onDropped: (rows: number, reason: DropReason) => void;
  readonly #changes = new Changes();
  readonly #turns = new Turns();
  readonly #sampler = new Sampler();
  readonly #sender: Sender;
  readonly #ended = new AbortController();
  #batch = new OpenBatch();
  /** Whether the times of the open batch are those of the monotonic clock. */
  #isRelative = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dropped = 0;

  constructor(connection: Connection, options: WriterOptions = {}) {
    this.#queue = options.queue ?? new MemoryQueue();
    this.#limit = options.limit ?? 64 * 1024 * 1024;
    this.#policy = options.policy ?? "wait";
    this.#rows = options.rows ?? 1000;
    this.#bytes = options.bytes ?? 256 * 1024;
    this.#ageMs = options.ageMs ?? 1000;
    this.#clock = options.clock;
    this.#onDropped = options.onDropped ?? (() => undefined);
    this.#sender = new Sender(connection, this.#queue, this.#changes, {
      window: options.window ?? 64,
      onRejected: options.onRejected ?? (() => undefined),
      onInterrupted: options.onInterrupted ?? (() => undefined),
    });
    // Their number is not known.
    if (this.#queue.isDamaged) this.#drop(0, "DAMAGED");
  }

  /** The numbers of this writer now. */
  get status(): WriterStatus {
    return {
      queuedRows: this.#queue.rows + this.#batch.rows,
      queuedBytes: this.#queue.bytes,
      acknowledgedRows: this.#sender.acknowledgedRows,
      rejected: this.#sender.rejected,
      droppedRows: this.#dropped,
      interruptions: this.#sender.interruptions,
    };
  }

  /** Adds a row. Resolves when the queue or the open batch has it. Rejects with ServerError. */
  add(row: Row): Promise<void> {
    const { timestamp, ageMs = 0, deviceId = 0 } = row;
    const columns: NewColumn[] = [];
    for (const [measurement, value] of Object.entries(row.values)) {
      if (value !== null && value !== undefined) columns.push({ measurement, type: typeOf(value), values: [value] });
    }
    const time = timestamp === undefined ? undefined : Number(timestamp);
    return this.#add({ count: 1, columns, time: () => time, ageMs, device: () => deviceId });
  }

  /** Adds rows as columns. Resolves when the queue and the open batch have them. Rejects with ServerError. */
  addColumns(added: Columns): Promise<void> {
    const { timestamps, deviceId = 0 } = added;
    const columns: NewColumn[] = [];
    for (const [measurement, given] of Object.entries(added.values)) {
      const values = "values" in given && "type" in given ? given.values : (given as NewColumn["values"]);
      const type = "values" in given && "type" in given ? given.type : typeOfColumn(values);
      if (values.length !== timestamps.length) {
        throw new RangeError(`${measurement} has ${values.length} values for ${timestamps.length} timestamps.`);
      }
      if (type) columns.push({ measurement, type, values });
    }
    const device = typeof deviceId === "number" ? () => deviceId : (row: number) => deviceId[row] ?? 0;
    return this.#add({ count: timestamps.length, columns, time: (row) => Number(timestamps[row]), ageMs: 0, device });
  }

  /** Resolves when everything added before is acknowledged. Rejects with DEADLINE_EXCEEDED after the deadline. */
  flush(deadlineMs?: number): Promise<void> {
    return within(deadlineMs, this.#flush());
  }

  /** As flush(), then ends the stream and releases everything. A queue on disk keeps what was not acknowledged. */
  async close(deadlineMs?: number): Promise<void> {
    try {
      await this.flush(deadlineMs);
      await this.#sender.finish();
    } finally {
      clearTimeout(this.#timer);
      this.#ended.abort();
      await this.#sender.close();
      this.#changes.notify();
      await this.#queue.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(added: NewRows): Promise<void> {
    return this.#turns.run(async () => {
      const before = this.#batch.rows;
      const sequence = this.#queue.lastSequence;
      try {
        await this.#addRows(added);
      } catch (error) {
        // The rows of a refused call are not kept; those of earlier calls are.
        const kept = this.#queue.lastSequence === sequence ? before : 0;
        if (this.#batch.rows > kept) this.#batch.truncate(kept);
        throw error;
      }
    });
  }

  async #addRows(added: NewRows): Promise<void> {
    let dropped = 0;
    for (let row = 0; row < added.count; row++) {
      this.#check();
      if (this.#policy === "sample" && !this.#sampler.keeps(this.#queue.bytes / this.#limit)) {
        dropped += 1;
        continue;
      }
      const device = added.device(row);
      const given = added.time(row);
      // Times of both clocks cannot be in one batch.
      const isRelative = given === undefined && this.#clock !== undefined && !this.#clock.isKnown;
      if (!this.#batch.accepts(device, added.columns) || (this.#batch.rows > 0 && isRelative !== this.#isRelative)) {
        await this.#endBatch();
      }
      if (this.#batch.rows === 0) this.#isRelative = isRelative && !this.#clock?.isKnown;
      this.#batch.add(given ?? this.#now() - added.ageMs, device, added.columns, row);
      if (this.#isFull()) await this.#endBatch();
      else this.#startAge();
    }
    if (dropped) this.#drop(dropped, "QUEUE_FULL");
  }

  /** The time of the writer's clock. Before the server's time is known, that of the monotonic clock. */
  #now(): number {
    if (!this.#clock) return Date.now();
    return this.#isRelative ? performance.now() : this.#clock.now();
  }

  #isFull(): boolean {
    // Without a time there can be no batch; the rows wait in memory.
    if (this.#isRelative && !this.#clock?.isKnown) return this.#batch.bytes >= this.#limit;
    return this.#batch.rows >= this.#rows || this.#batch.bytes >= this.#bytes;
  }

  #startAge(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const ended = this.#hasTimes().then(() => this.#turns.run(() => this.#endBatch()));
      // While the queue refuses it, the batch stays open and is tried again.
      ended.catch(() => this.#isOver() || this.#startAge());
    }, this.#ageMs);
  }

  /** Puts the open batch into the queue. Rejects with QUEUE_FULL as the policy says. */
  async #endBatch(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    if (batch.rows === 0) return;
    let step = batch.rows;
    if (this.#isRelative) {
      batch.shift(await this.#hasTimes());
      this.#isRelative = false;
      // While there were no times, the batch has grown beyond its limits.
      step = Math.max(Math.min(this.#rows, Math.floor((batch.rows * this.#bytes) / batch.bytes)), 1);
    }
    for (let from = 0; from < batch.rows; from += step) {
      await this.#enqueue(batch, from, Math.min(from + step, batch.rows));
    }
    this.#batch = new OpenBatch();
  }

  async #enqueue(batch: OpenBatch, from: number, to: number): Promise<void> {
    const encoded = batch.encode(from, to);
    if (await this.#makeRoom(encoded.length)) await this.#append(to - from, encoded);
    else this.#drop(to - from, "QUEUE_FULL");
  }

  /** Waits for the server's time if the open batch needs it. Resolves to what its times lack. */
  async #hasTimes(): Promise<number> {
    if (!this.#isRelative || !this.#clock) return 0;
    this.#check();
    const offset = await Promise.race([this.#clock.known(), aborted(this.#ended.signal)]);
    this.#check();
    return offset ?? 0;
  }

  #isOver(): boolean {
    return this.#ended.signal.aborted || this.#sender.failure !== undefined;
  }

  /** Whether there is room for so many bytes, after the policy has made some. */
  async #makeRoom(bytes: number): Promise<boolean> {
    while (this.#queue.rows > 0 && this.#queue.bytes + bytes > this.#limit) {
      this.#check();
      if (this.#policy === "refuse") throw queueFull("The queue is full.");
      if (this.#policy === "drop_newest") return false;
      // These rows were kept while there was room; no further ones are.
      if (this.#policy === "sample") return true;
      const oldest = this.#policy === "drop_oldest" && this.#queue.after(this.#sender.lastSent);
      if (oldest) {
        this.#queue.drop(oldest);
        this.#drop(oldest.rows, "QUEUE_FULL");
      } else {
        await this.#changes.next();
      }
    }
    return true;
  }

  /** Stores a batch; an error of the disk counts as a full queue. */
  async #append(rows: number, encoded: Uint8Array): Promise<void> {
    for (;;) {
      this.#check();
      try {
        await this.#queue.append(rows, (sequence) => withSequence(sequence, encoded));
        this.#changes.notify();
        return;
      } catch (error) {
        if (this.#policy === "refuse") throw queueFull(`The disk failed: ${String(error)}.`);
        const oldest = this.#policy === "drop_oldest" ? this.#queue.after(this.#sender.lastSent) : undefined;
        if (oldest) {
          this.#queue.drop(oldest);
          this.#drop(oldest.rows, "DISK_FULL");
        } else if (this.#policy === "wait") {
          await sleep(DISK_RETRY_MS, this.#ended.signal);
        } else {
          this.#drop(rows, "DISK_FULL");
          return;
        }
      }
    }
  }

  #drop(rows: number, reason: DropReason): void {
    this.#dropped += rows;
    this.#onDropped(rows, reason);
  }

  async #flush(): Promise<void> {
    this.#check();
    await this.#emptyOpenBatch();
    const last = this.#queue.lastSequence;
    while (this.#hasUpTo(last)) {
      this.#check();
      await this.#changes.next();
    }
    await this.#queue.saved();
  }

  #hasUpTo(sequence: number): boolean {
    const first = this.#queue.after(0);
    return first !== undefined && first.sequence <= sequence;
  }

  /** Puts the rows added before into the queue; waits while it refuses them. */
  async #emptyOpenBatch(): Promise<void> {
    for (;;) {
      try {
        await this.#hasTimes();
        await this.#turns.run(() => this.#endBatch());
        return;
      } catch (error) {
        if (!(error instanceof ServerError) || error.reason !== "QUEUE_FULL") throw error;
        await Promise.race([this.#changes.next(), sleep(DISK_RETRY_MS, this.#ended.signal)]);
      }
    }
  }

  /** Rejects calls of a writer that was closed or that an error has stopped. */
  #check(): void {
    if (this.#sender.failure) throw this.#sender.failure;
    if (this.#ended.signal.aborted) throw new ServerError("FAILED_PRECONDITION", "The writer is closed.");
  }
}

function queueFull(message: string): ServerError {
  return new ServerError("RESOURCE_EXHAUSTED", message, { reason: "QUEUE_FULL", retryable: true });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
}
