/** Commands of a device. */
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { Connection } from "./connection.js";
import type { Command } from "./gen/iotflow/v1/command_pb.js";
import { DeviceService, type StreamCommandsRequestSchema } from "./gen/iotflow/v1/device_service_pb.js";
import { reconnecting, type StreamOptions } from "./reconnecting.js";
import { ServerError } from "./server-error.js";
import { Changes } from "./waiting.js";

/** Number of commands whose results are kept, to answer a second delivery. */
const KEPT_RESULTS = 1000;

/** A command to execute. */
export interface ReceivedCommand {
  readonly id: number;
  readonly name: string;
  readonly parameters: JsonObject;
}

/** Executes a command and returns its result. If it fails, the command fails with the message of the error. */
export type CommandHandler = (command: ReceivedCommand) => Promise<JsonObject | undefined> | JsonObject | undefined;

type Result = MessageInitShape<typeof StreamCommandsRequestSchema>;

/** Hands each command to the handler once, and reports the results, until the signal. Handlers run concurrently. */
export async function handleCommands(
  connection: Connection,
  handler: CommandHandler,
  options: StreamOptions = {},
): Promise<void> {
  if (!connection.canStreamUp) throw new ServerError("UNIMPLEMENTED", "Browsers cannot stream requests.");
  const results = new Results(handler);
  const open = () => results.stream(connection, options.signal);
  for await (const { event } of reconnecting(connection, open, options)) {
    if (event.case === "command") results.receive(event.value);
    else if (event.case === "receipt" && event.value.reason && event.value.retryable) {
      results.repeatOnNextStream(Number(event.value.commandId));
    }
  }
}

/** The results of commands: of those that were received lately, and those that wait to be sent. */
class Results {
  readonly #handler: CommandHandler;
  readonly #changes = new Changes();
  /** By command; undefined while the handler runs. */
  readonly #known = new Map<number, Result | undefined>();
  #toSend: Result[] = [];
  #forNextStream: Result[] = [];

  constructor(handler: CommandHandler) {
    this.#handler = handler;
  }

  /** One stream. */
  async *stream(connection: Connection, signal: AbortSignal | undefined) {
    // The server delivers what was not answered again.
    this.#toSend = this.#forNextStream;
    this.#forNextStream = [];
    const ended = new AbortController();
    const abort = () => {
      ended.abort();
      this.#changes.notify();
    };
    signal?.addEventListener("abort", abort);
    try {
      const call = connection.stream(DeviceService.method.streamCommands, this.#requests(ended.signal), {
        signal: ended.signal,
      });
      yield* call;
    } finally {
      signal?.removeEventListener("abort", abort);
      abort();
    }
  }

  /** Executes a command, or answers it again. */
  receive(command: Command): void {
    const id = Number(command.id);
    if (!this.#known.has(id)) {
      this.#known.set(id, undefined);
      this.#forget();
      void this.#execute({ id, name: command.name, parameters: command.parameters ?? {} });
      return;
    }
    const result = this.#known.get(id);
    if (result) this.#send(result);
  }

  repeatOnNextStream(id: number): void {
    const result = this.#known.get(id);
    if (result) this.#forNextStream.push(result);
  }

  async #execute(command: ReceivedCommand): Promise<void> {
    const commandId = BigInt(command.id);
    let result: Result;
    try {
      result = { commandId, state: "succeeded", result: (await this.#handler(command)) ?? {} };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      result = { commandId, state: "failed", result: { error: message } };
    }
    if (this.#known.has(command.id)) this.#known.set(command.id, result);
    this.#send(result);
  }

  #send(result: Result): void {
    this.#toSend.push(result);
    this.#changes.notify();
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<Result, void> {
    while (!signal.aborted) {
      const result = this.#toSend.shift();
      if (result) yield result;
      else await this.#changes.next();
    }
  }

  #forget(): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT_RESULTS && oldest !== undefined) this.#known.delete(oldest);
  }
}
