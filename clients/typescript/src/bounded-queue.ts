/** A queue with a limit, and the policy that decides when it is full. */
import { withSequence } from "./batch-encoding.js";
import { textOf, warn } from "./handlers.js";
import type { DropReason, Policy } from "./policy.js";
import type { BatchQueue } from "./queue.js";
import { ServerError } from "./server-error.js";
import { type Changes, sleep } from "./waiting.js";

const DISK_RETRY_MS = 1000;

/** What a bounded queue needs of its writer. */
export interface QueueOwner {
  readonly changes: Changes;
  readonly signal: AbortSignal;
  /** The newest batch that is on the way; batches up to it are not dropped. */
  lastSent(): number;
  /** Throws if the writer has ended. */
  check(): void;
  onDropped(rows: number, reason: DropReason): void;
}

/** Appends batches as the policy allows. */
export class BoundedQueue {
  dropped = 0;
  /** Why the disk takes no batch; empty if it does. */
  diskFailure = "";
  readonly #queue: BatchQueue;
  readonly #limit: number;
  readonly #policy: Policy;
  readonly #owner: QueueOwner;

  constructor(queue: BatchQueue, limit: number, policy: Policy, owner: QueueOwner) {
    this.#queue = queue;
    this.#limit = limit;
    this.#policy = policy;
    this.#owner = owner;
    queue.setLimit(limit);
    // The number of their rows is not known.
    if (queue.isDamaged) this.drop(0, "DAMAGED");
  }

  /** The part of the limit that is in use. */
  get fill(): number {
    return this.#queue.bytes / this.#limit;
  }

  /** Puts a batch without its sequence into the queue, or drops it. Rejects with QUEUE_FULL as the policy says. */
  async append(rows: number, encoded: Uint8Array): Promise<void> {
    if (await this.#makeRoom(encoded.length)) await this.#store(rows, encoded);
    else this.drop(rows, "QUEUE_FULL");
  }

  /** Reports rows as dropped. */
  drop(rows: number, reason: DropReason): void {
    this.dropped += rows;
    this.#owner.onDropped(rows, reason);
  }

  /** Whether there is room for so many bytes, after the policy has made some. */
  async #makeRoom(bytes: number): Promise<boolean> {
    while (this.#queue.rows > 0 && this.#queue.bytes + bytes > this.#limit) {
      this.#owner.check();
      if (this.#policy === "refuse") throw queueFull("The queue is full.");
      if (this.#policy === "drop_newest") return false;
      // These rows were kept while there was room; no further ones are.
      if (this.#policy === "sample") return true;
      if (!(await this.#dropOldest("QUEUE_FULL"))) await this.#owner.changes.next();
    }
    return true;
  }

  /** Stores a batch; an error of the disk counts as a full queue. */
  async #store(rows: number, encoded: Uint8Array): Promise<void> {
    for (;;) {
      this.#owner.check();
      try {
        await this.#queue.append(rows, (sequence) => withSequence(sequence, encoded));
        this.diskFailure = "";
        this.#owner.changes.notify();
        return;
      } catch (error) {
        this.#noteDisk(textOf(error));
        if (this.#policy === "refuse") throw queueFull(`The disk failed: ${textOf(error)}.`);
        if (await this.#dropOldest("DISK_FULL")) continue;
        if (this.#policy !== "wait") {
          this.drop(rows, "DISK_FULL");
          return;
        }
        await sleep(DISK_RETRY_MS, this.#owner.signal);
      }
    }
  }

  /** Shows an error of the disk when it begins, not with each attempt: callers may wait for its end without limit. */
  #noteDisk(failure: string): void {
    if (!this.diskFailure) warn(`The disk does not take the queue: ${failure}.`);
    this.diskFailure = failure;
  }

  /** Whether the policy has dropped a batch. */
  async #dropOldest(reason: DropReason): Promise<boolean> {
    const oldest = this.#policy === "drop_oldest" ? this.#queue.after(this.#owner.lastSent()) : undefined;
    if (!oldest) return false;
    this.#queue.drop(oldest);
    // What is reported as dropped does not come back after the end of the process.
    await this.#queue.saved();
    this.drop(oldest.rows, reason);
    return true;
  }
}

function queueFull(message: string): ServerError {
  return new ServerError("RESOURCE_EXHAUSTED", message, { reason: "QUEUE_FULL", retryable: true });
}
