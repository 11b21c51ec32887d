/** What a page does, as a program for Node.js: `node … URL` writes, follows and reads over gRPC-Web. */
import {
  connect,
  latest,
  type RejectedRows,
  register,
  ServerError,
  subscribe,
  TelemetryWriter,
} from "../../src/browser.js";

const ROWS = 1000;
const [, , url = ""] = process.argv;
const connection = connect(url);
const { id } = await register(connection, { name: "page" });

const live: number[] = [];
const rejected: RejectedRows[] = [];
const subscribed = new AbortController();
const writer = new TelemetryWriter(connection, { rows: 300, onRejected: (rows) => rejected.push(rows) });
for await (const event of subscribe(connection, { deviceIds: [id] }, subscribed)) {
  if (event.kind === "heartbeat") await write();
  if (event.kind === "reading") live.push(Number(event.values["level"]));
  if (live.length === ROWS) subscribed.abort();
}
await writer.add({ timestamp: Date.UTC(2200, 0), values: { level: 1 } });
await writer.close(10_000);

async function write(): Promise<void> {
  const start = Date.now() - ROWS;
  const level = Float64Array.from({ length: ROWS }, (_, row) => row);
  await writer.addColumns({ timestamps: level.map((row) => start + row), values: { level } });
  await writer.flush(10_000);
}

async function failure(): Promise<string> {
  const stranger = connect(url, { apiKey: "wrong" });
  return latest(stranger, id).then(
    () => "",
    (error) => (error instanceof ServerError ? `${error.code} ${error.reason}` : String(error)),
  );
}

const result = {
  live: live.reduce((sum, value) => sum + value, 0),
  acknowledged: writer.status.acknowledgedRows,
  rejected: rejected.map(({ sequence, count, reason }) => ({ sequence, count, reason })),
  latest: (await latest(connection, id)).values,
  failure: await failure(),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
