/// <reference lib="esnext.disposable" preserve="true" />
/** Sends telemetry, and keeps it until it is acknowledged. */
import { BoundedQueue } from "./bounded-queue.js";
import type { ServerClock } from "./clock.js";
import { type Columns, type Row, typeOf, typeOfColumn } from "./columns.js";
import type { Connection } from "./connection.js";
import { contained } from "./handlers.js";
import { Intake, type NewRows } from "./intake.js";
import type { NewColumn } from "./open-batch.js";
import type { DropReason, Policy } from "./policy.js";
import { type BatchQueue, MemoryQueue } from "./queue.js";
import { type RejectedRows, Sender } from "./sender.js";
import { ServerError } from "./server-error.js";
import { Changes, sleep, within } from "./waiting.js";

/** How often a flush tries a queue that refuses the open batch, besides every acknowledgement. */
const RETRY_MS = 1000;

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
  // What these handlers throw is shown on the console, and has no other effect.
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

/** Takes rows and columns, makes batches of them, and sends them over StreamTelemetry. */
export class TelemetryWriter {
  readonly #queue: BatchQueue;
  readonly #bounded: BoundedQueue;
  readonly #intake: Intake;
  readonly #changes = new Changes();
  readonly #sender: Sender;
  readonly #ended = new AbortController();
  /** Whether a close has begun: no more rows are taken. */
  #isClosing = false;

  constructor(connection: Connection, options: WriterOptions = {}) {
    const { limit = 64 * 1024 * 1024, policy = "wait", rows = 1000, bytes = 256 * 1024, ageMs = 1000 } = options;
    const check = () => this.#check();
    const { signal } = this.#ended;
    this.#queue = options.queue ?? new MemoryQueue();
    this.#sender = new Sender(connection, this.#queue, this.#changes, {
      window: options.window ?? 64,
      onRejected: contained("onRejected", options.onRejected),
      onDamaged: (rows) => this.#bounded.drop(rows, "DAMAGED"),
      onInterrupted: contained("onInterrupted", options.onInterrupted),
    });
    this.#bounded = new BoundedQueue(this.#queue, limit, policy, {
      changes: this.#changes,
      signal,
      lastSent: () => this.#sender.lastSent,
      check,
      onDropped: contained("onDropped", options.onDropped),
    });
    const samples = policy === "sample";
    const intake = { rows, bytes, ageMs, limit, samples, clock: options.clock, signal, check };
    this.#intake = new Intake(this.#queue, this.#bounded, intake);
  }

  /** The numbers of this writer now. */
  get status(): WriterStatus {
    return {
      queuedRows: this.#queue.rows + this.#intake.rows,
      queuedBytes: this.#queue.bytes,
      acknowledgedRows: this.#sender.acknowledgedRows,
      rejected: this.#sender.rejected,
      droppedRows: this.#bounded.dropped,
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
    return this.#add({
      count: timestamps.length,
      columns,
      time: (row) => Number(timestamps[row]),
      ageMs: 0,
      device,
    });
  }

  /**
   * Resolves when everything added before is acknowledged. Rejects with DEADLINE_EXCEEDED after the deadline; its message has the
   * error of the disk if that takes no batch, and the cause of the last interruption, unless something was acknowledged since.
   */
  flush(deadlineMs?: number): Promise<void> {
    return within(deadlineMs, this.#flush(), () => {
      const { interruption } = this.#sender;
      const { diskFailure } = this.#bounded;
      const disk = diskFailure ? ` The disk does not take the queue: ${diskFailure}.` : "";
      const cause = interruption ? ` The last interruption: ${interruption.message}` : "";
      return `Not everything was acknowledged within ${deadlineMs} ms. Nothing is lost by this.${disk}${cause}`;
    });
  }

  /**
   * As flush(), then ends the stream and releases everything. A queue on disk keeps what was not acknowledged. Rows cannot be added
   * from now on.
   */
  async close(deadlineMs?: number): Promise<void> {
    this.#isClosing = true;
    try {
      await this.flush(deadlineMs);
      await this.#sender.finish();
    } finally {
      this.#ended.abort();
      await this.#sender.close();
      await this.#intake.close();
      await this.#queue.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #add(rows: NewRows): Promise<void> {
    if (this.#isClosing) throw closed();
    await this.#intake.add(rows);
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
        await this.#intake.end();
        return;
      } catch (error) {
        if (!(error instanceof ServerError) || error.reason !== "QUEUE_FULL") throw error;
        await Promise.race([this.#changes.next(), sleep(RETRY_MS, this.#ended.signal)]);
      }
    }
  }

  /** Rejects calls of a writer that was closed or that an error has stopped. */
  #check(): void {
    if (this.#sender.failure) throw this.#sender.failure;
    if (this.#ended.signal.aborted) throw closed();
  }
}

function closed(): ServerError {
  return new ServerError("FAILED_PRECONDITION", "The writer is closed.");
}
