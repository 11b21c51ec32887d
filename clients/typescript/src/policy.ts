/** What happens to new rows while the queue is full. */

/**
 * `wait`: the caller waits. `refuse`: the caller gets QUEUE_FULL. `drop_oldest`: the oldest batches make room.
 * `drop_newest`: the new batch is dropped. `sample`: fewer rows are kept the fuller the queue is.
 */
export type Policy = "wait" | "refuse" | "drop_oldest" | "drop_newest" | "sample";

/** Why rows were dropped. */
export type DropReason = "QUEUE_FULL" | "DISK_FULL" | "DAMAGED";

/** Keeps every n-th row, where n grows with the queue. */
export class Sampler {
  #count = 0;

  /** Whether the next row is kept. `fill` is the part of the limit that is in use. */
  keeps(fill: number): boolean {
    const every = interval(fill);
    this.#count += 1;
    if (this.#count < every) return false;
    this.#count = 0;
    return true;
  }
}

function interval(fill: number): number {
  if (fill >= 1) return Number.POSITIVE_INFINITY;
  if (fill >= 7 / 8) return 8;
  if (fill >= 3 / 4) return 4;
  return fill >= 1 / 2 ? 2 : 1;
}
