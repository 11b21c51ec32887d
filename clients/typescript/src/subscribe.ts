/** Live telemetry. */
import { bitAt } from "./batch-decoding.js";
import type { Value } from "./columns.js";
import { type Connection, once } from "./connection.js";
import type { Column, TelemetryBatch } from "./gen/iotflow/v1/telemetry_pb.js";
import { type SubscribeTelemetryResponse, TelemetryService } from "./gen/iotflow/v1/telemetry_service_pb.js";
import { reconnecting, type StreamOptions } from "./reconnecting.js";
import { ServerError } from "./server-error.js";
import { milliseconds, type Time, timeText } from "./time.js";

/** Longer than the pause between heartbeats of the server. A stream that is silent for so long is opened again. */
const SILENCE_MS = 60_000;
const SILENT = `The server sent nothing for ${SILENCE_MS / 1000} s, not even a heartbeat.`;

/** What to subscribe to. */
export interface Subscription {
  /** Default: all devices that the caller may read. */
  readonly deviceIds?: readonly number[];
  readonly deviceTypes?: readonly string[];
  /** Default: all measurements. */
  readonly fields?: readonly string[];
  /** Stored readings from this time on come first. */
  readonly since?: Time;
}

type Values = Readonly<Record<string, Value>>;

/** An event of a subscription. */
export type LiveEvent =
  | { readonly kind: "reading"; readonly deviceId: number; readonly timestamp: number; readonly values: Values }
  /** The first event of each stream, and sent while nothing happens. */
  | { readonly kind: "heartbeat" }
  /** A number of readings was lost, because this client was too slow. */
  | { readonly kind: "missed"; readonly count: number }
  | { readonly kind: "presence"; readonly deviceId: number; readonly online: boolean; readonly timestamp: number }
  /** Whether readings that other processes of the server accept may come late or not at all. */
  | { readonly kind: "degraded"; readonly degraded: boolean; readonly message: string };

/** Telemetry as it is stored. After a break it continues with the newest time that it has delivered. */
export async function* subscribe(
  connection: Connection,
  subscription: Subscription = {},
  options: StreamOptions = {},
): AsyncGenerator<LiveEvent, void> {
  let since = timeText(subscription.since);
  let newest = Number.NEGATIVE_INFINITY;
  const open = () => openOnce(connection, subscription, since, options.signal);
  for await (const answer of reconnecting(connection, open, options)) {
    for (const event of eventsOf(answer)) {
      if (event.kind === "reading" && event.timestamp > newest) newest = event.timestamp;
      yield event;
    }
    if (newest > Number.NEGATIVE_INFINITY) since = timeText(newest);
    // Until a reading has come, nothing before the first heartbeat is missing.
    else if (answer.event.case === "heartbeat") since ||= timeText(milliseconds(answer.event.value.timestamp));
  }
}

/** One stream. */
async function* openOnce(
  connection: Connection,
  { deviceIds = [], deviceTypes = [], fields = [] }: Subscription,
  since: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SubscribeTelemetryResponse, void> {
  const silence = new AbortController();
  const fallSilent = () => silence.abort(new ServerError("UNAVAILABLE", SILENT));
  let timer = setTimeout(fallSilent, SILENCE_MS);
  const ended = () => silence.abort();
  signal?.addEventListener("abort", ended);
  const request = { deviceIds: [...deviceIds], deviceTypes: [...deviceTypes], fields: [...fields], since };
  const { subscribeTelemetry } = TelemetryService.method;
  try {
    const answers = connection.stream(subscribeTelemetry, once({ ...request, columnar: true }), {
      signal: silence.signal,
    });
    for await (const answer of answers) {
      clearTimeout(timer);
      if (answer.event.case === "error") throw lastError(answer.event.value);
      yield answer;
      timer = setTimeout(fallSilent, SILENCE_MS);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", ended);
    silence.abort();
  }
}

/** The error of the last event, which has no status. */
function lastError({
  reason,
  message,
  retryable,
}: {
  reason: string;
  message: string;
  retryable: boolean;
}): ServerError {
  return new ServerError(retryable ? "UNAVAILABLE" : "UNKNOWN", message, { reason, retryable });
}

function* eventsOf({ event }: SubscribeTelemetryResponse): Generator<LiveEvent, void> {
  switch (event.case) {
    case "batch":
      yield* readings(event.value);
      break;
    case "heartbeat":
      yield { kind: "heartbeat" };
      break;
    case "dropped":
      yield { kind: "missed", count: Number(event.value.readings) };
      break;
    case "presence": {
      const { deviceId, online, timestamp } = event.value;
      yield { kind: "presence", deviceId, online, timestamp: milliseconds(timestamp) };
      break;
    }
    case "feed":
      yield { kind: "degraded", degraded: event.value.degraded, message: event.value.message };
      break;
  }
}

/** The rows of a batch. */
function* readings(batch: TelemetryBatch): Generator<LiveEvent, void> {
  const columns = batch.columns.map((column) => ({ column, values: valuesOf(column) }));
  for (const [row, timestamp] of batch.timestamps.entries()) {
    const values: Record<string, Value> = {};
    for (const { column, values: all } of columns) {
      const value = all[row];
      if (value !== undefined && bitAt(column.validity, row)) values[column.measurement] = value;
    }
    yield { kind: "reading", deviceId: batch.deviceIds[row] ?? batch.deviceId, timestamp: Number(timestamp), values };
  }
}

function valuesOf(column: Column): readonly Value[] {
  const { doubles, floats, int64s, int32s, bools, strings } = column;
  const all: (readonly Value[])[] = [doubles, floats, int64s, int32s, bools, strings];
  return all.find((values) => values.length > 0) ?? [];
}
