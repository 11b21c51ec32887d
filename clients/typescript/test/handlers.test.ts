import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Code } from "@connectrpc/connect";
import { connect, DiskQueue, latest, type ServerError, TelemetryWriter, type WriterOptions } from "../src/node.js";
import { newFolder } from "./support/folders.js";
import { refusal, ScriptedServer } from "./support/scripted-server.js";

const PATIENCE_MS = 20_000;
const OUT_OF_REACH = "127.0.0.1:1";

/** What is shown on the console, until the end of the test. */
function shown(context: TestContext): string[] {
  const lines: string[] = [];
  context.mock.method(console, "warn", (...facts: unknown[]) => void lines.push(facts.map(String).join(" ")));
  return lines;
}

function fail(): never {
  throw new Error("broken");
}

/** The writer of a server that ends the first stream, rejects the first batch, and gives up the third one. */
async function writing(context: TestContext, options: WriterOptions): Promise<ScriptedServer> {
  let streams = 0;
  const server = await ScriptedServer.open(context, {
    async *streamTelemetry(batches) {
      streams += 1;
      if (streams === 1) throw refusal(Code.Unavailable, "AWAY", true);
      for await (const batch of batches) {
        if (batch.sequence === 3n) throw refusal(Code.InvalidArgument, "POISON");
        server.received.push({ apiKey: "", batch });
        const rejected = batch.sequence === 1n ? [{ sequence: 1n, count: 1, reason: "WRONG" }] : [];
        yield { committedSequence: batch.sequence, rejected };
      }
    },
  });
  const writer = new TelemetryWriter(server.connect(), { rows: 1, ...options });
  for (let level = 0; level < 5; level++) await writer.add({ values: { level } });
  await writer.close(PATIENCE_MS);
  return server;
}

for (const [kind, handler] of [
  ["throw", fail],
  ["reject", async () => fail()],
] as const) {
  test(`handlers of a writer that ${kind} are shown once, and lose nothing`, async (context) => {
    const lines = shown(context);
    const server = await writing(context, { onRejected: handler, onInterrupted: handler });
    assert.deepEqual(server.sequences, [1, 2, 4, 5]);
    const expected = ["onInterrupted", "onRejected", "onRejected"];
    assert.deepEqual(
      lines,
      expected.map((name) => `iotflow: The handler ${name} failed: Error: broken`),
    );
  });
}

test("a handler of dropped rows that throws does not disturb those who add rows", async (context) => {
  const lines = shown(context);
  const connection = connect(OUT_OF_REACH);
  context.after(() => connection.close());
  const options = { rows: 1, limit: 100, policy: "drop_newest", onDropped: fail } as const;
  const writer = new TelemetryWriter(connection, options);
  for (let level = 0; level < 20; level++) await writer.add({ values: { level } });
  const { droppedRows } = writer.status;
  assert.ok(droppedRows > 0);
  assert.equal(lines.length, droppedRows);
  await assert.rejects(writer.close(1));
});

test("an error of the credential handler is shown, and named by that of the calls", async (context) => {
  const lines = shown(context);
  const server = await ScriptedServer.open(context, {
    // biome-ignore lint/correctness/useYield: it fails before.
    async *streamTelemetry() {
      throw refusal(Code.Unauthenticated, "WRONG_KEY");
    },
  });
  const onCredentialWanted = async () => Promise.reject(new Error("The vault is closed."));
  const writer = new TelemetryWriter(server.connect({ apiKey: "old", onCredentialWanted }), { rows: 1 });
  await writer.add({ values: { level: 1 } });
  await assert.rejects(writer.close(PATIENCE_MS), (error: ServerError) => {
    assert.deepEqual([error.code, error.reason, error.retryable], ["UNAUTHENTICATED", "WRONG_KEY", false]);
    assert.match(error.message, /The credential handler failed: The vault is closed\./);
    return true;
  });
  assert.deepEqual(lines, ["iotflow: The handler onCredentialWanted failed: Error: The vault is closed."]);
});

test("an error of the disk is shown once, and named by a deadline", async (context) => {
  const lines = shown(context);
  const folder = newFolder();
  const connection = connect(OUT_OF_REACH);
  context.after(() => connection.close());
  const writer = new TelemetryWriter(connection, { rows: 1, queue: new DiskQueue(folder) });
  await writer.add({ values: { level: 0 } });
  rmSync(folder, { recursive: true });
  const waiting = writer.add({ values: { level: 1 } }).catch((error: ServerError) => error.code);
  for (let turn = 0; turn < 2; turn++)
    await assert.rejects(writer.flush(1100), /The disk does not take the queue: ENOENT/);
  assert.equal(lines.filter((line) => line.includes("ENOENT")).length, 1);
  await assert.rejects(writer.close(1));
  assert.equal(await waiting, "FAILED_PRECONDITION");
});

test("no rows can be added once a writer closes", async (context) => {
  const connection = connect(OUT_OF_REACH);
  context.after(() => connection.close());
  const writer = new TelemetryWriter(connection, { rows: 10 });
  await writer.add({ values: { level: 0 } });
  const closing = assert.rejects(writer.close(100), { code: "DEADLINE_EXCEEDED" });
  await assert.rejects(writer.add({ values: { level: 1 } }), { code: "FAILED_PRECONDITION" });
  const columns = { timestamps: [1], values: { level: [1] } };
  await assert.rejects(writer.addColumns(columns), { code: "FAILED_PRECONDITION" });
  await closing;
});

test("an answer beyond the limit ends a call with a reason of its own", async (context) => {
  const server = await ScriptedServer.open(context, {
    getLatestTelemetry: () => ({ latestData: { text: "x".repeat(65 * 1024 * 1024) } }),
  });
  await assert.rejects(latest(server.connect(), 1), {
    code: "RESOURCE_EXHAUSTED",
    reason: "ANSWER_TOO_LARGE",
    retryable: false,
  });
});
