/** Results of commands that wait to be sent. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { StreamCommandsRequestSchema } from "./gen/iotflow/v1/device_service_pb.js";

/** The result of a command, as it is sent. */
export type CommandResult = MessageInitShape<typeof StreamCommandsRequestSchema> & { readonly commandId: bigint };

/** At most one result of each command, and a bounded number of them, in order. */
export class ResultOutbox {
  readonly #limit: number;
  readonly #results = new Map<bigint, CommandResult>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a result. The oldest one is forgotten if there are too many: the server delivers its command again. */
  add(result: CommandResult): void {
    this.#results.set(result.commandId, result);
    const [oldest] = this.#results.keys();
    if (this.#results.size > this.#limit && oldest !== undefined) this.#results.delete(oldest);
  }

  /** Removes and returns the oldest result. */
  take(): CommandResult | undefined {
    const [oldest] = this.#results.values();
    if (oldest) this.#results.delete(oldest.commandId);
    return oldest;
  }
}
