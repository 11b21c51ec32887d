/** Waiting for changes, deadlines and turns. */
import { ServerError } from "./server-error.js";

/** Lets any number of callers wait for the next change of a state. */
export class Changes {
  #waiting: (() => void)[] = [];

  notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Runs one act at a time, in the order of the calls. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#last.then(act);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** The longest time of setTimeout(), which ends at once where it is given a longer one. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls `act` after a time of any length. Returns what cancels it. */
export function after(milliseconds: number, act: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const start = (rest: number) => {
    const end = rest > LONGEST_TIMER_MS ? () => start(rest - LONGEST_TIMER_MS) : act;
    timer = setTimeout(end, Math.min(rest, LONGEST_TIMER_MS));
  };
  start(milliseconds);
  return () => clearTimeout(timer);
}

/** Waits, or until the signal is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const cancel = after(milliseconds, end);
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
  });
}

/** The result, or DEADLINE_EXCEEDED with the message after the deadline. Without a deadline it waits without limit. */
export async function within<T>(deadlineMs: number | undefined, result: Promise<T>, message: () => string): Promise<T> {
  if (deadlineMs === undefined) return result;
  let cancel = () => {};
  const expired = new Promise<never>((_, reject) => {
    cancel = after(deadlineMs, () => reject(new ServerError("DEADLINE_EXCEEDED", message())));
  });
  try {
    return await Promise.race([result, expired]);
  } finally {
    cancel();
    // A result that comes after the deadline has no reader.
    result.catch(() => undefined);
  }
}

/** Resolves when the signal is aborted. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
