/** Sends the batches of a queue, and reconnects after failures. */
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import type { StreamTelemetryResponse } from "./gen/iotflow/v1/telemetry_service_pb.js";
import { KeyClaim } from "./key-claim.js";
import type { BatchQueue, QueuedBatch } from "./queue.js";
import { canUseNewKey, isAboutKey } from "./reconnecting.js";
import { isInterruption, ServerError, serverError, streamError } from "./server-error.js";
import { openStream } from "./telemetry-stream.js";
import { aborted, type Changes, sleep } from "./waiting.js";

/** Time for the server to end a stream of which everything is acknowledged. */
const END_MS = 1000;

/** Rows that the server did not store. They are not sent again. */
export interface RejectedRows {
  /** The sequence of the batch. */
  readonly sequence: number;
  /** The first row in the batch, and the number of rows from there on. */
  readonly index: number;
  readonly count: number;
  /** Empty: the whole rows. */
  readonly measurement: string;
  readonly reason: string;
  readonly message: string;
  /** Whether the same values may be accepted later. */
  readonly retryable: boolean;
}

/** What a sender needs of its writer. */
export interface SenderOptions {
  readonly window: number;
  onRejected(rejected: RejectedRows): void;
  /** The rows of a batch cannot be read back. */
  onDamaged(rows: number): void;
  onInterrupted(error: ServerError, delayMs: number): void;
}

/** Runs until close(), or until an error that it cannot recover from. */
export class Sender {
  acknowledgedRows = 0;
  rejected = 0;
  interruptions = 0;
  /** The sequence of the newest batch that is on the way. Batches up to it cannot be dropped. */
  lastSent = 0;
  /** The error of the last stream, unless something was acknowledged since. */
  interruption: ServerError | undefined;
  /** The error that ended the sender. */
  failure: ServerError | undefined;
  readonly #connection: Connection;
  readonly #queue: BatchQueue;
  readonly #changes: Changes;
  readonly #options: SenderOptions;
  readonly #claim: KeyClaim;
  readonly #backoff = new Backoff();
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;
  #stream = new AbortController();
  /** Batches on the way, in order. */
  #onTheWay: QueuedBatch[] = [];
  /** Whether the present stream has ended before a batch that is not claimed. */
  #mustClaim = false;
  /** Whether the present stream has acknowledged a batch. */
  #isProven = false;
  /** Up to this sequence, batches are sent one by one, because one of them ends streams. */
  #suspectedUpTo = 0;
  #finishing = false;

  constructor(connection: Connection, queue: BatchQueue, changes: Changes, options: SenderOptions) {
    this.#connection = connection;
    this.#queue = queue;
    this.#changes = changes;
    this.#options = options;
    this.#claim = new KeyClaim(connection, queue);
    this.#running = this.#run();
  }

  /** Ends the stream in order. */
  async finish(): Promise<void> {
    this.#finishing = true;
    this.#changes.notify();
    await Promise.race([this.#running, sleep(END_MS, this.#ended.signal)]);
  }

  /** Stops at once. */
  async close(): Promise<void> {
    this.#finishing = true;
    this.#ended.abort();
    this.#stream.abort();
    this.#changes.notify();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (await this.#hasWork()) {
        const { apiKey } = this.#connection;
        try {
          await this.#send(apiKey);
        } catch (thrown) {
          if (!this.#finishing) await this.#recover(streamError(thrown), apiKey);
        }
      }
    } catch (thrown) {
      this.failure = serverError(thrown);
    }
    this.#changes.notify();
  }

  /** Waits for a batch to send. False at the end. */
  async #hasWork(): Promise<boolean> {
    while (!this.#finishing && !this.#queue.after(0)) await this.#changes.next();
    return !this.#finishing;
  }

  /** Runs one stream with a key to its end, which is an error unless the sender finishes or has to claim the queue. */
  async #send(apiKey: string): Promise<void> {
    this.#stream = new AbortController();
    this.#onTheWay = [];
    this.#isProven = false;
    this.lastSent = 0;
    const { signal } = this.#stream;
    this.#mustClaim = false;
    await this.#claim.make(apiKey, signal);
    // A key that was given meanwhile may be another device's.
    if (apiKey !== this.#connection.apiKey) return;
    try {
      for await (const answer of openStream(this.#connection, this.#batches(apiKey, signal), signal)) {
        this.#connection.accepted(apiKey);
        this.#take(answer);
      }
    } finally {
      this.#stream.abort();
      this.lastSent = 0;
      this.#changes.notify();
    }
    if (!this.#mustClaim) throw new ServerError("UNAVAILABLE", "The server ended the stream.");
  }

  /** The batches of the present stream. It ends where it has the key of a device that has not claimed the next batch. */
  async *#batches(apiKey: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    while (!signal.aborted && !this.#finishing) {
      const next = this.#queue.after(this.lastSent);
      if (!next || this.#onTheWay.length >= this.#window(next)) {
        await this.#changes.next();
        continue;
      }
      this.#mustClaim = !this.#claim.covers(next, apiKey);
      if (this.#mustClaim) return;
      this.lastSent = next.sequence;
      const payload = await this.#queue.read(next);
      if (signal.aborted) return;
      if (payload) {
        this.#onTheWay.push(next);
        yield payload;
      } else await this.#dropDamaged(next);
    }
  }

  async #dropDamaged(batch: QueuedBatch): Promise<void> {
    this.#queue.drop(batch);
    await this.#queue.saved();
    this.#options.onDamaged(batch.rows);
    this.#changes.notify();
  }

  #window(next: QueuedBatch): number {
    return this.#isProven && next.sequence > this.#suspectedUpTo ? this.#options.window : 1;
  }

  #take(answer: StreamTelemetryResponse): void {
    this.#backoff.reset();
    for (const rejection of answer.rejected) {
      const { index, count, measurement, reason, message, retryable } = rejection;
      const sequence = Number(rejection.sequence);
      this.#reject({ sequence, index, count, measurement, reason, message, retryable });
    }
    this.#acknowledge(Number(answer.committedSequence));
  }

  #acknowledge(sequence: number): void {
    // An answer cannot acknowledge what was not sent.
    const upTo = Math.min(sequence, this.lastSent);
    if (upTo > 0) {
      this.#isProven = true;
      this.interruption = undefined;
    }
    this.#onTheWay = this.#onTheWay.filter((batch) => batch.sequence > upTo);
    this.acknowledgedRows += this.#queue.acknowledge(upTo);
    this.#changes.notify();
  }

  #reject(rejected: RejectedRows): void {
    this.rejected += rejected.count;
    this.#options.onRejected(rejected);
  }

  /** Prepares the next stream. Throws an error that ends the sender. */
  async #recover(error: ServerError, apiKey: string): Promise<void> {
    this.interruption = error;
    if (isAboutKey(error)) {
      // The application may take any time to find a key, also beyond the end of the writer.
      const hasKey = canUseNewKey(this.#connection, error, apiKey);
      if ((await Promise.race([hasKey, aborted(this.#ended.signal)])) === false) throw error;
      return;
    }
    if (isAboutBatch(error) && this.#onTheWay.length > 0) {
      this.#findPoison(error);
      return;
    }
    if (!isInterruption(error)) throw error;
    const delayMs = this.#backoff.next(error.retryAfter) * 1000;
    this.interruptions += 1;
    this.#options.onInterrupted(error, delayMs);
    await sleep(delayMs, this.#ended.signal);
  }

  /** Gives up the batch that ended the stream, if it is known. */
  #findPoison(error: ServerError): void {
    const [batch, another] = this.#onTheWay;
    if (!batch) return;
    if (another) {
      this.#suspectedUpTo = this.#onTheWay.at(-1)?.sequence ?? 0;
      return;
    }
    const { sequence, rows } = batch;
    const { code, reason, message } = error;
    this.#reject({
      sequence,
      index: 0,
      count: rows,
      measurement: "",
      reason: reason || code,
      message,
      retryable: false,
    });
    this.#queue.acknowledge(sequence);
    this.#changes.notify();
  }
}

function isAboutBatch(error: ServerError): boolean {
  const { code } = error;
  return (
    code === "INVALID_ARGUMENT" || code === "OUT_OF_RANGE" || (code === "RESOURCE_EXHAUSTED" && !isInterruption(error))
  );
}
