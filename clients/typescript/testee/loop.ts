/** The loop of a testee: JSON lines in, answers and events out. Requests run concurrently. */
import { createInterface } from "node:readline";
import { ServerError, serverError } from "../src/server-error.js";

// biome-ignore lint/suspicious/noExplicitAny: the fields of each request are those of the conformance protocol.
export type Fields = Record<string, any>;

export type Handlers = Record<string, (request: Fields) => Promise<Fields>>;

/** Writes an event. */
export function report(event: string, facts: Fields): void {
  write({ event, ...facts });
}

/** Answers requests, and ends the process at the end of the input. */
export function serve(handlers: Handlers): void {
  const lines = createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  lines.on("line", (line) => void answer(handlers, JSON.parse(line)));
  lines.on("close", () => process.exit(0));
}

async function answer(handlers: Handlers, request: Fields): Promise<void> {
  try {
    const handler = handlers[request["do"]];
    if (!handler) throw new ServerError("UNIMPLEMENTED", `There is no ${request["do"]}.`);
    write({ id: request["id"], result: await handler(request) });
  } catch (thrown) {
    if (!(thrown instanceof ServerError)) process.stderr.write(`${(thrown as Error).stack}\n`);
    write({ id: request["id"], error: errorFields(serverError(thrown)) });
  }
}

function errorFields(error: ServerError): Fields {
  const { code, reason, message, field, retryable, retryAfter, requestId } = error;
  return { code, reason, message, field, retryable, retry_after: retryAfter ?? null, request_id: requestId };
}

function write(message: Fields): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
