/** Streams that are opened again after a break. */
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import { contained } from "./handlers.js";
import { isInterruption, ServerError, streamError } from "./server-error.js";
import { aborted, sleep } from "./waiting.js";

/** Options of a stream that reconnects. */
export interface StreamOptions {
  /** Ends the stream. */
  readonly signal?: AbortSignal | undefined;
  /** Called when the stream broke, with the pause until the next attempt. What it throws is shown on the console. */
  readonly onInterrupted?: ((error: ServerError, delayMs: number) => void) | undefined;
}

/** Whether the key was refused. */
export function isAboutKey({ code, reason }: ServerError): boolean {
  return code === "UNAUTHENTICATED" || (code === "PERMISSION_DENIED" && reason === "KEY_REPLACED");
}

/** The answers of a stream and of its successors, until the signal or an error that is not retryable. */
export async function* reconnecting<T>(
  connection: Connection,
  open: () => AsyncIterable<T>,
  { signal, onInterrupted }: StreamOptions,
): AsyncGenerator<T, void> {
  const backoff = new Backoff();
  const interrupted = contained("onInterrupted", onInterrupted);
  while (!signal?.aborted) {
    const { apiKey } = connection;
    try {
      for await (const answer of open()) {
        backoff.reset();
        connection.accepted(apiKey);
        yield answer;
      }
      throw new ServerError("UNAVAILABLE", "The server ended the stream.");
    } catch (thrown) {
      if (signal?.aborted) return;
      const error = streamError(thrown);
      // The application may take any time to find a key, also beyond the end of the stream.
      const hasKey = canUseNewKey(connection, error, apiKey);
      if (await (signal ? Promise.race([hasKey, aborted(signal)]) : hasKey)) continue;
      if (signal?.aborted) return;
      if (!isInterruption(error)) throw error;
      const delayMs = backoff.next(error.retryAfter) * 1000;
      interrupted(error, delayMs);
      await sleep(delayMs, signal);
    }
  }
}

/** Whether the call failed because of its key, and there is another one by now. */
export async function canUseNewKey(connection: Connection, error: ServerError, usedKey: string): Promise<boolean> {
  if (!isAboutKey(error)) return false;
  return usedKey !== connection.apiKey || connection.renewKey(error);
}
