/** Reads telemetry. */
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { type ColumnBatch, decodeBatch } from "./batch-decoding.js";
import { type CallOptions, type Connection, once } from "./connection.js";
import { TelemetryService } from "./gen/iotflow/v1/telemetry_service_pb.js";
import { pages } from "./pages.js";
import { milliseconds, type Time, timeText } from "./time.js";

/** The values of a device at one time, by measurement. Whole numbers beyond 2^53 are texts. */
export interface ReadRow {
  /** Milliseconds since 1970 UTC. */
  readonly timestamp: number;
  readonly values: Readonly<Record<string, JsonValue>>;
}

/** The newest values of a device. */
export interface LatestValues {
  /** The newest time of the values in milliseconds since 1970 UTC; NaN if there are none. */
  readonly timestamp: number;
  readonly values: Readonly<Record<string, JsonValue>>;
  /** The time of each value. */
  readonly timestamps: Readonly<Record<string, number>>;
}

/** A part of the time, and measurements. */
export interface Range {
  readonly start: Time;
  /** Default: now. The end itself does not belong to the range. */
  readonly end?: Time;
  /** Default: all measurements. */
  readonly fields?: readonly string[];
}

/** What read() reads. */
export interface ReadOptions {
  /** Default: all devices that the caller may read. */
  readonly deviceIds?: readonly number[];
  readonly start?: Time;
  readonly end?: Time;
  readonly fields?: readonly string[];
  readonly newestFirst?: boolean;
}

/** What aggregate() computes. */
export interface AggregateOptions extends Partial<Range> {
  /** For example `5m`. */
  readonly window: string;
  /** For example `avg` or `count`. */
  readonly aggregation: readonly string[];
  /** The value of windows without readings: `null`, `previous` or `linear`. Default: they are left out. */
  readonly fill?: "null" | "previous" | "linear";
}

const { method } = TelemetryService;
/** ReadTelemetry without decoding its answers, which are decoded into typed arrays. */
const readUndecoded = { ...method.readTelemetry, output: EmptySchema } as const;

/** The newest value of each measurement of a device. */
export async function latest(
  connection: Connection,
  deviceId: number,
  fields: readonly string[] = [],
  options?: CallOptions,
): Promise<LatestValues> {
  const answer = await connection.unary(method.getLatestTelemetry, { deviceId, fields: [...fields] }, options);
  const times = Object.entries(answer.latestTimes).map(([name, time]) => [name, milliseconds(time)]);
  return {
    timestamp: milliseconds(answer.timestamp),
    values: answer.latestData ?? {},
    timestamps: Object.fromEntries(times),
  };
}

/** The rows of a device in a range, oldest first, page by page. */
export async function* rangePages(
  connection: Connection,
  deviceId: number,
  range: Range & { readonly pageSize?: number },
  options?: CallOptions,
): AsyncGenerator<ReadRow[], void> {
  const request = {
    deviceId,
    startTime: timeText(range.start),
    endTime: timeText(range.end),
    fields: [...(range.fields ?? [])],
    ...(range.pageSize === undefined ? {} : { pageSize: range.pageSize }),
  };
  const call = (pageToken: string) => connection.unary(method.getTelemetryRange, { ...request, pageToken }, options);
  for await (const page of pages(call)) yield page.data.map(rowOf);
}

/** The rows of a device in a range, oldest first. */
export async function* range(
  connection: Connection,
  deviceId: number,
  range: Range & { readonly pageSize?: number },
  options?: CallOptions,
): AsyncGenerator<ReadRow, void> {
  for await (const page of rangePages(connection, deviceId, range, options)) yield* page;
}

/** Aggregates of a device over windows of time, oldest first: objects by measurement and function. */
export async function aggregate(
  connection: Connection,
  deviceId: number,
  options: AggregateOptions,
  callOptions?: CallOptions,
): Promise<ReadRow[]> {
  const request = {
    deviceId,
    window: options.window,
    startTime: timeText(options.start),
    endTime: timeText(options.end),
    aggregation: [...options.aggregation],
    fields: [...(options.fields ?? [])],
    fill: options.fill ?? "",
  };
  return (await connection.unary(method.aggregateTelemetry, request, callOptions)).data.map(rowOf);
}

/** Columns of many devices as typed arrays, device by device. Breaks off with ServerError, never silently. */
export async function* read(
  connection: Connection,
  read: ReadOptions = {},
  options?: CallOptions,
): AsyncGenerator<ColumnBatch, void> {
  const request = {
    deviceIds: [...(read.deviceIds ?? [])],
    fields: [...(read.fields ?? [])],
    startTime: timeText(read.start),
    endTime: timeText(read.end),
    newestFirst: read.newestFirst ?? false,
  };
  for await (const answer of connection.stream(readUndecoded, once(request), options)) {
    for (const { no, data } of answer.$unknown ?? []) {
      if (no === 1) yield decodeBatch(new BinaryReader(data).bytes());
    }
  }
}

function rowOf({ timestamp, ...values }: JsonObject): ReadRow {
  return { timestamp: Date.parse(String(timestamp)), values };
}
