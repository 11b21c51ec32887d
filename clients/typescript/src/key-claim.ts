/** Keeps the batches of a queue in a folder from a key of another device. */
import type { Connection } from "./connection.js";
import { DeviceService } from "./gen/iotflow/v1/device_service_pb.js";
import type { BatchQueue, QueuedBatch } from "./queue.js";

const ASK_MS = 10_000;

/** The device of the newest key that each connection has asked about. */
const known = new WeakMap<Connection, { readonly apiKey: string; readonly deviceId: number }>();

/** The claim of a key to a queue. Without a key, that of a token's owner, there is none. */
export class KeyClaim {
  readonly #connection: Connection;
  readonly #queue: BatchQueue;
  #apiKey = "";

  constructor(connection: Connection, queue: BatchQueue) {
    this.#connection = connection;
    this.#queue = queue;
  }

  /** Whether the batch may be sent with the key. */
  covers({ isOfKey }: QueuedBatch, apiKey: string): boolean {
    return !isOfKey || apiKey === "" || apiKey === this.#apiKey;
  }

  /**
   * Makes the batches that carry no device those of the device whose key it is: the connection's. Rejects with ServerError,
   * among others QUEUE_OF_ANOTHER_DEVICE.
   */
  async make(apiKey: string, signal: AbortSignal): Promise<void> {
    if (apiKey === "" || apiKey === this.#apiKey || !this.#queue.isOfKey) return;
    await this.#queue.claim?.(await deviceOf(apiKey, this.#connection, signal));
    this.#apiKey = apiKey;
  }
}

/** The device of the connection's key. Rejects with ServerError. */
async function deviceOf(apiKey: string, connection: Connection, signal: AbortSignal): Promise<number> {
  const newest = known.get(connection);
  if (newest?.apiKey === apiKey) return newest.deviceId;
  const options = { signal, timeoutMs: ASK_MS };
  const { deviceId } = await connection.unary(DeviceService.method.sendHeartbeat, {}, options);
  known.set(connection, { apiKey, deviceId });
  return deviceId;
}
