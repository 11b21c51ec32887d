/** The server's time, for devices without a clock. */
import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import { DeviceService } from "./gen/iotflow/v1/device_service_pb.js";
import { streamError } from "./server-error.js";
import { sleep } from "./waiting.js";

const CALL_MS = 10_000;

/** Milliseconds since 1970 UTC by the server's clock, continued with the monotonic clock of this process. */
export class ServerClock {
  readonly #connection: Connection;
  #offset: number | undefined;
  #asking: Promise<number> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Whether the server has answered. */
  get isKnown(): boolean {
    return this.#offset !== undefined;
  }

  /** The server's time. Before its first answer: NaN. */
  now(): number {
    return Math.round(performance.now() + (this.#offset ?? Number.NaN));
  }

  /** Asks the server again and again until it answers. Resolves to its time minus the monotonic clock. */
  known(): Promise<number> {
    if (this.#offset !== undefined) return Promise.resolve(this.#offset);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** A heartbeat, from whose answer the time is taken. Rejects with ServerError. */
  async synchronize(): Promise<number> {
    const start = performance.now();
    const answer = await this.#connection.unary(DeviceService.method.sendHeartbeat, {}, { timeoutMs: CALL_MS });
    const half = (performance.now() - start) / 2;
    const time = Number(answer.timestamp?.seconds ?? 0n) * 1000 + (answer.timestamp?.nanos ?? 0) / 1e6;
    this.#offset = time + half - performance.now();
    return this.#offset;
  }

  async #ask(): Promise<number> {
    const backoff = new Backoff();
    for (;;) {
      try {
        return await this.synchronize();
      } catch (thrown) {
        const error = streamError(thrown);
        if (!error.retryable) throw error;
        await sleep(backoff.next(error.retryAfter) * 1000);
      }
    }
  }
}
