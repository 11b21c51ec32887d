/** Makes batches of rows. */
import type { BoundedQueue } from "./bounded-queue.js";
import type { ServerClock } from "./clock.js";
import { type NewColumn, OpenBatch } from "./open-batch.js";
import { Sampler } from "./policy.js";
import type { BatchQueue } from "./queue.js";
import { aborted, after, Turns } from "./waiting.js";

/** The rows of one call. */
export interface NewRows {
  readonly count: number;
  readonly columns: readonly NewColumn[];
  time(row: number): number | undefined;
  /** For rows without a time: milliseconds since they were measured. */
  readonly ageMs: number;
  device(row: number): number;
}

/** When a batch ends, and what it needs of the writer. */
export interface IntakeOptions {
  readonly rows: number;
  readonly bytes: number;
  readonly ageMs: number;
  /** Size of rows that wait for their times. */
  readonly limit: number;
  readonly samples: boolean;
  readonly clock: ServerClock | undefined;
  readonly signal: AbortSignal;
  /** Throws if the writer has ended. */
  check(): void;
}

/** Takes rows, one call at a time, and passes batches to the queue. */
export class Intake {
  readonly #queue: BatchQueue;
  readonly #bounded: BoundedQueue;
  readonly #options: IntakeOptions;
  readonly #turns = new Turns();
  readonly #sampler = new Sampler();
  #batch = new OpenBatch();
  /** Whether the times of the open batch are those of the monotonic clock. */
  #isRelative = false;
  /** Cancels the end of the open batch by its age. */
  #cancelAge: (() => void) | undefined;

  constructor(queue: BatchQueue, bounded: BoundedQueue, options: IntakeOptions) {
    this.#queue = queue;
    this.#bounded = bounded;
    this.#options = options;
  }

  /** Rows that are not in the queue. */
  get rows(): number {
    return this.#batch.rows;
  }

  /** Adds the rows of a call. If it is refused, none of them, or not all, stay. */
  add(added: NewRows): Promise<void> {
    return this.#turns.run(async () => {
      const before = this.#batch.rows;
      const sequence = this.#queue.lastSequence;
      try {
        await this.#addRows(added);
      } catch (error) {
        // The rows of earlier calls stay.
        const kept = this.#queue.lastSequence === sequence ? before : 0;
        if (this.#batch.rows > kept) this.#batch.truncate(kept);
        throw error;
      }
    });
  }

  /** Puts the open batch into the queue. */
  async end(): Promise<void> {
    await this.#hasTimes();
    await this.#turns.run(() => this.#endBatch());
  }

  /** Waits for the calls that have begun; they fail, because the writer has ended. */
  async close(): Promise<void> {
    this.#cancelAge?.();
    await this.#turns.run(async () => undefined);
    this.#cancelAge?.();
  }

  async #addRows(added: NewRows): Promise<void> {
    let dropped = 0;
    for (let row = 0; row < added.count; row++) {
      this.#options.check();
      if (this.#options.samples && !this.#sampler.keeps(this.#bounded.fill)) {
        dropped += 1;
        continue;
      }
      const device = added.device(row);
      const given = added.time(row);
      // Times of both clocks cannot be in one batch.
      const isRelative = given === undefined && this.#options.clock !== undefined && !this.#options.clock.isKnown;
      if (!this.#batch.accepts(device, added.columns) || (this.#batch.rows > 0 && isRelative !== this.#isRelative)) {
        await this.#endBatch();
      }
      if (this.#batch.rows === 0) this.#isRelative = isRelative && !this.#options.clock?.isKnown;
      this.#batch.add(given ?? this.#now() - added.ageMs, device, added.columns, row);
      if (this.#isFull()) await this.#endBatch();
      else this.#startAge();
    }
    if (dropped) this.#bounded.drop(dropped, "QUEUE_FULL");
  }

  /** The time of the writer's clock. Before the server's time is known, that of the monotonic clock. */
  #now(): number {
    if (!this.#options.clock) return Date.now();
    return this.#isRelative ? performance.now() : this.#options.clock.now();
  }

  #isFull(): boolean {
    // Without a time there can be no batch; the rows wait in memory.
    if (this.#isRelative && !this.#options.clock?.isKnown) return this.#batch.bytes >= this.#options.limit;
    return this.#batch.rows >= this.#options.rows || this.#batch.bytes >= this.#options.bytes;
  }

  #startAge(): void {
    this.#cancelAge ??= after(this.#options.ageMs, () => {
      this.#cancelAge = undefined;
      // While the queue refuses it, the batch stays open and is tried again.
      this.end().catch(() => this.#options.signal.aborted || this.#startAge());
    });
  }

  /** Puts the open batch into the queue. Rejects with QUEUE_FULL as the policy says. */
  async #endBatch(): Promise<void> {
    this.#cancelAge?.();
    this.#cancelAge = undefined;
    const batch = this.#batch;
    if (batch.rows === 0) return;
    let step = batch.rows;
    if (this.#isRelative) {
      batch.shift(await this.#hasTimes());
      this.#isRelative = false;
      // While there were no times, the batch has grown beyond its limits.
      step = Math.max(Math.min(this.#options.rows, Math.floor((batch.rows * this.#options.bytes) / batch.bytes)), 1);
    }
    for (let from = 0; from < batch.rows; from += step) {
      const to = Math.min(from + step, batch.rows);
      await this.#bounded.append(to - from, batch.encode(from, to));
    }
    this.#batch = new OpenBatch(batch.rows);
  }

  /** Waits for the server's time if the open batch needs it. Resolves to what its times lack. */
  async #hasTimes(): Promise<number> {
    if (!this.#isRelative || !this.#options.clock) return 0;
    this.#options.check();
    const offset = await Promise.race([this.#options.clock.known(), aborted(this.#options.signal)]);
    this.#options.check();
    return offset ?? 0;
  }
}
