/** The testee's writer. */
import type { TypedColumn } from "../src/columns.js";
import { type Connection, DiskQueue, ServerClock, ServerError, TelemetryWriter } from "../src/node.js";
import { type Fields, type Handlers, report } from "./loop.js";

/** Handlers of `writer.*`. connection: the present one. */
export function writing(connection: () => Connection): Handlers {
  let writer: TelemetryWriter | undefined;
  let clock: ServerClock | undefined;

  function open(): TelemetryWriter {
    if (!writer) throw new ServerError("FAILED_PRECONDITION", "No writer is open.");
    return writer;
  }

  return {
    "writer.open": async (request) => {
      clock = request["clock"] === "server" ? new ServerClock(connection()) : undefined;
      const tell = (event: string, facts: Fields) => {
        report(event, facts);
        if (request["throwing"]) throw new Error("The handler throws.");
      };
      writer = new TelemetryWriter(connection(), {
        queue: request["folder"] ? new DiskQueue(request["folder"]) : undefined,
        limit: request["limit"],
        policy: request["policy"],
        rows: request["rows"],
        bytes: request["bytes"],
        ageMs: request["age_ms"],
        window: request["window"],
        clock,
        onRejected: (rejected) => tell("rejected", { ...rejected }),
        onDropped: (rows, reason) => tell("dropped", { rows, reason }),
        onInterrupted: ({ code, reason, message }, delay) => {
          tell("interrupted", { code, reason, message, delay_ms: delay });
        },
      });
      return {};
    },
    "writer.add": async (request) => {
      await addRows(open(), request);
      return { added: request["count"] };
    },
    "writer.add_columns": async (request) => {
      const values = Object.entries(request["columns"] as Record<string, TypedColumn>).map(typed);
      const { timestamps, device_id: deviceId } = request as { timestamps: number[]; device_id?: number };
      await open().addColumns({ timestamps, values: Object.fromEntries(values), deviceId: deviceId ?? 0 });
      return { added: timestamps.length };
    },
    "writer.flush": async (request) => {
      await open().flush(request["deadline_ms"]);
      return {};
    },
    "writer.close": async (request) => {
      await open().close(request["deadline_ms"]);
      return {};
    },
    "writer.status": async () => {
      const { queuedRows, queuedBytes, acknowledgedRows, rejected, droppedRows, interruptions } = open().status;
      return {
        queued_rows: queuedRows,
        queued_bytes: queuedBytes,
        acknowledged_rows: acknowledgedRows,
        rejected,
        dropped_rows: droppedRows,
        interruptions,
      };
    },
    "clock.now": async () => ({ milliseconds: clock?.now() ?? Date.now() }),
  };
}

/** Adds rows one after the other. Those without a start have the times of the writer's clock. */
async function addRows(writer: TelemetryWriter, request: Fields): Promise<void> {
  const { start, step, count, first, measurements, device_id: deviceId } = request;
  for (let row = 0; row < count; row++) {
    const values: Record<string, number> = {};
    for (const name of measurements as string[]) values[name] = first + row;
    const time = typeof start === "number" ? { timestamp: start + row * step } : { ageMs: -row * step };
    await writer.add({ values, ...time, deviceId: deviceId ?? 0 });
  }
}

function typed([name, { type, values }]: [string, TypedColumn]): [string, TypedColumn] {
  const wide = values as readonly (string | null)[];
  return [
    name,
    { type, values: type === "int64s" ? wide.map((value) => (value === null ? null : BigInt(value))) : values },
  ];
}
