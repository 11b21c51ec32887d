/** Pauses between attempts. */

const FIRST_SECONDS = 0.2;
const LONGEST_SECONDS = 30;

/** Pauses that double up to a limit, shortened at random so that a fleet does not return at once. */
export class Backoff {
  #failures = 0;
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Begin with the first pause again, after a success. */
  reset(): void {
    this.#failures = 0;
  }

  /** Seconds to wait after another failure. `retryAfter` is the server's, and is added. */
  next(retryAfter = 0): number {
    const highest = Math.min(FIRST_SECONDS * 2 ** this.#failures, LONGEST_SECONDS);
    this.#failures += 1;
    return retryAfter + highest * (0.5 + this.#random() / 2);
  }
}
