/** Commands of a device. */
import { create, fromBinary, type JsonObject, toBinary } from "@bufbuild/protobuf";
import type { Connection } from "./connection.js";
import type { Command, CommandReceipt } from "./gen/iotflow/v1/command_pb.js";
import { DeviceService, StreamCommandsRequestSchema } from "./gen/iotflow/v1/device_service_pb.js";
import { CommandOutcome } from "./gen/words.js";
import { handlerFailed, textOf, warn } from "./handlers.js";
import { jsonObject, jsonSize } from "./json-object.js";
import { reconnecting, type StreamOptions } from "./reconnecting.js";
import { type CommandResult, ResultOutbox } from "./result-outbox.js";
import { ServerError } from "./server-error.js";
import { Changes } from "./waiting.js";

/** Number of commands whose results are kept, to answer a second delivery; and of those that run or wait to be sent. */
const KEPT_RESULTS = 1000;
/** The server takes no larger results. The message of a failure has fewer bytes, whatever its characters are. */
const LARGEST_RESULT_BYTES = 65_536;
const LONGEST_FAILURE = 4096;

/** A command to execute. */
export interface ReceivedCommand {
  readonly id: number;
  readonly name: string;
  readonly parameters: JsonObject;
}

/**
 * Executes a command and returns its result, of at most 65,536 bytes as JSON. If it fails, the error is shown on the console, and
 * the command fails with its message.
 */
export type CommandHandler = (command: ReceivedCommand) => Promise<JsonObject | undefined> | JsonObject | undefined;

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
    if (event.case === "command") await results.receive(event.value, options.signal);
    else if (event.case === "receipt" && event.value.reason) results.reject(event.value);
  }
}

/** The results of commands: of those that were received lately, and those that wait to be sent. */
class Results {
  readonly #handler: CommandHandler;
  readonly #changes = new Changes();
  /** By command; undefined while the handler runs. */
  readonly #known = new Map<number, CommandResult | undefined>();
  #running = 0;
  #toSend = new ResultOutbox(KEPT_RESULTS);
  #forNextStream = new ResultOutbox(KEPT_RESULTS);

  constructor(handler: CommandHandler) {
    this.#handler = handler;
  }

  /** One stream. */
  async *stream(connection: Connection, signal: AbortSignal | undefined) {
    // The server delivers what was not answered again.
    this.#toSend = this.#forNextStream;
    this.#forNextStream = new ResultOutbox(KEPT_RESULTS);
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

  /** Executes a command, or answers it again. While too many handlers run, it waits, and the server keeps the others. */
  async receive(command: Command, signal: AbortSignal | undefined): Promise<void> {
    const id = Number(command.id);
    if (this.#known.has(id)) {
      const result = this.#known.get(id);
      if (result) this.#send(result);
      return;
    }
    while (this.#running >= KEPT_RESULTS && !signal?.aborted) await this.#changes.next();
    if (signal?.aborted) return;
    this.#known.set(id, undefined);
    this.#forget();
    void this.#execute({ id, name: command.name, parameters: command.parameters ?? {} });
  }

  /** The server has not stored a result. Without another answer, its command would stay open. */
  reject({ commandId, message, retryable }: CommandReceipt): void {
    const id = Number(commandId);
    const result = this.#known.get(id);
    if (result && retryable) this.#forNextStream.add(result);
    if (retryable) return;
    warn(`The server rejected the result of command ${id}: ${message}`);
    if (result?.state !== CommandOutcome.SUCCEEDED) return;
    const failed = failure(commandId, message);
    this.#known.set(id, failed);
    this.#send(failed);
  }

  async #execute(command: ReceivedCommand): Promise<void> {
    this.#running += 1;
    const result = await resultOf(command, this.#handler);
    this.#running -= 1;
    this.#known.set(command.id, result);
    this.#send(result);
  }

  #send(result: CommandResult): void {
    this.#toSend.add(result);
    this.#changes.notify();
  }

  async *#requests(signal: AbortSignal): AsyncGenerator<CommandResult, void> {
    while (!signal.aborted) {
      const result = this.#toSend.take();
      if (result) yield result;
      else await this.#changes.next();
    }
  }

  /** Forgets the oldest command that has its result. One that runs would be executed again. */
  #forget(): void {
    if (this.#known.size <= KEPT_RESULTS) return;
    for (const [id, result] of this.#known) {
      if (!result) continue;
      this.#known.delete(id);
      return;
    }
  }
}

/** What the handler makes of a command. A result that the contract cannot carry fails this command alone. */
async function resultOf(command: ReceivedCommand, handler: CommandHandler): Promise<CommandResult> {
  const commandId = BigInt(command.id);
  try {
    const result = {
      commandId,
      state: CommandOutcome.SUCCEEDED,
      result: jsonObject((await handler(command)) ?? {}, "result"),
    };
    checkSize(result.result);
    checkReadable(result);
    return result;
  } catch (error) {
    handlerFailed(`of command ${command.id}`, error);
    return failure(commandId, textOf(error));
  }
}

function failure(commandId: bigint, message: string): CommandResult {
  return { commandId, state: CommandOutcome.FAILED, result: { error: message.slice(0, LONGEST_FAILURE) } };
}

/** Throws if the result is too large. The server would reject it, or end the stream of all commands. */
function checkSize(result: JsonObject): void {
  const size = jsonSize(result);
  if (size > LARGEST_RESULT_BYTES) {
    throw new RangeError(`The result has ${size} bytes as JSON; ${LARGEST_RESULT_BYTES} are the limit.`);
  }
}

/** Throws if the result is too deep for a reader. As an error of the server, it would end the stream again and again. */
function checkReadable(result: CommandResult): void {
  fromBinary(
    StreamCommandsRequestSchema,
    toBinary(StreamCommandsRequestSchema, create(StreamCommandsRequestSchema, result)),
  );
}
