/** The testee's calls besides writing. */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FleetService } from "../src/gen/iotflow/v1/fleet_service_pb.js";
import { TelemetryBatchSchema } from "../src/gen/iotflow/v1/telemetry_pb.js";
import {
  aggregate,
  type Connection,
  handleCommands,
  heartbeat,
  latest,
  pages,
  rangePages,
  read,
  register,
  reportConfiguration,
  rotateKey,
  subscribe,
  watchConfiguration,
} from "../src/node.js";
import { batchOf, jsonOf } from "./json-form.js";
import { type Fields, type Handlers, report } from "./loop.js";

/** Handlers of calls. connection: the present one. */
export function calling(connection: () => Connection): Handlers {
  let subscription = new AbortController();

  return {
    latest: async ({ device_id: id }) => {
      const { values, timestamp } = await latest(connection(), id);
      return { values, timestamp };
    },
    range: async ({ device_id: id, start, end, page_size: pageSize }) => {
      const all = [];
      let count = 0;
      for await (const page of rangePages(connection(), id, { start, end, pageSize })) {
        count += 1;
        all.push(...page);
      }
      return { rows: all.length, pages: count, first: all[0]?.timestamp, last: all.at(-1)?.timestamp };
    },
    aggregate: async ({ device_id: id, start, end, window, aggregation, fields }) => {
      const windows = await aggregate(connection(), id, { start, end, window, aggregation, fields });
      return { windows: windows.map(({ timestamp, values }) => ({ timestamp, ...values })) };
    },
    read: async ({ device_ids: deviceIds, start, end }) => {
      const result = { rows: 0, sum: 0, batches: 0 };
      for await (const { timestamps, columns } of read(connection(), { deviceIds, start, end })) {
        result.batches += 1;
        result.rows += timestamps.length;
        for (const { values } of columns) {
          if (values instanceof Float64Array) result.sum += values.reduce((sum, value) => sum + value, 0);
        }
      }
      return result;
    },
    subscribe: async ({ device_ids: deviceIds, since }) => {
      subscription = new AbortController();
      await new Promise<void>((resolve, reject) => {
        follow(connection(), { deviceIds, since }, subscription.signal, resolve).catch(reject);
      });
      return {};
    },
    unsubscribe: async () => {
      subscription.abort();
      return {};
    },
    register: async ({ name, device_type: deviceType }) => {
      const { id, apiKey } = await register(connection(), { name, deviceType });
      return { device_id: id, api_key: apiKey };
    },
    heartbeat: async ({ status }) => ({ ...(await heartbeat(connection(), status)) }),
    "config.watch": async () => {
      void watch(connection());
      return {};
    },
    "config.report": async ({ configuration }) => {
      await reportConfiguration(connection(), configuration);
      return {};
    },
    "commands.handle": async ({ outcome }) => {
      void handleCommands(connection(), async ({ id, name, parameters }) => {
        report("command", { command_id: id, name, parameters });
        if (outcome === "fail" || outcome === "throw") throw new Error("The handler throws.");
        if (outcome === "large") return { text: "x".repeat(Number(parameters["characters"])) };
        if (outcome === "number") return { number: 2 ** 60 };
        if (outcome === "hang") await new Promise(() => undefined);
        return parameters;
      });
      return {};
    },
    rotate: async () => ({ api_key: await rotateKey(connection(), () => undefined) }),
    "devices.list": async ({ page_size: pageSize }) => {
      const result = { count: 0, pages: 0 };
      const call = (pageToken: string) => connection().unary(FleetService.method.listDevices, { pageSize, pageToken });
      for await (const page of pages(call)) {
        result.pages += 1;
        result.count += page.devices.length;
      }
      return result;
    },
    encode: async ({ batch }) => ({ hex: Buffer.from(toBinary(TelemetryBatchSchema, batchOf(batch))).toString("hex") }),
    decode: async ({ hex }) => ({ batch: jsonOf(fromBinary(TelemetryBatchSchema, Buffer.from(hex, "hex"))) }),
  };
}

async function follow(connection: Connection, wanted: Fields, signal: AbortSignal, begun: () => void): Promise<void> {
  const onInterrupted = ({ code, reason, message }: Fields, delay: number) => {
    report("interrupted", { code, reason, message, delay_ms: delay });
  };
  for await (const event of subscribe(connection, wanted, { signal, onInterrupted })) {
    if (event.kind === "heartbeat") begun();
    if (event.kind === "missed") report("missed", { count: event.count });
    if (event.kind === "reading") {
      report("reading", { device_id: event.deviceId, timestamp: event.timestamp, values: event.values });
    }
  }
}

async function watch(connection: Connection): Promise<void> {
  for await (const { version, desired } of watchConfiguration(connection)) report("config", { version, desired });
}
