/** Calls of the application's handlers, and what the application has to know besides. */

/**
 * The handler, if there is one. What it throws is shown on the console, and has no other effect: the client goes on sending and
 * reading. name: of the option that took it.
 */
export function contained<A extends unknown[]>(
  name: string,
  handler: ((...given: A) => unknown) | undefined,
): (...given: A) => void {
  return (...given) => {
    try {
      const result = handler?.(...given);
      // A handler may be asynchronous. Without a listener, its error would end a process of Node.js.
      if (result instanceof Promise) result.catch((error) => handlerFailed(name, error));
    } catch (error) {
      handlerFailed(name, error);
    }
  };
}

/** Shows what a handler has thrown. */
export function handlerFailed(name: string, error: unknown): void {
  warn(`The handler ${name} failed:`, error);
}

/** Shows something on the console. */
export function warn(...facts: unknown[]): void {
  // biome-ignore lint/suspicious/noConsole: it is the log of both platforms.
  console.warn("iotflow:", ...facts);
}

/** The message of anything that was thrown. */
export function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
