import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { DiskQueue, type ServerError, TelemetryWriter } from "../src/node.js";
import { fill, newFolder } from "./support/folders.js";
import { refusal, ScriptedServer } from "./support/scripted-server.js";

const OWNER = 7;
const STRANGER = 9;
const ROW = { timestamp: 1_700_000_000_000, values: { level: 1 } };
const FLUSH_MS = 10_000;

/** A folder with two batches, and what its file `device` has. */
async function folderWith(device: string | undefined, deviceId = 0): Promise<string> {
  const folder = newFolder();
  const queue = new DiskQueue(folder);
  await fill(queue, 2, 10, deviceId);
  await queue.close();
  if (device !== undefined) writeFileSync(join(folder, "device"), device);
  return folder;
}

function deviceOf(folder: string): string {
  return readFileSync(join(folder, "device"), "latin1");
}

function isOfAnotherDevice({ code, reason, retryable }: ServerError): boolean {
  assert.deepEqual([code, reason, retryable], ["FAILED_PRECONDITION", "QUEUE_OF_ANOTHER_DEVICE", false]);
  return true;
}

test("the key of another device sends nothing of a folder, and the batches stay", async (context) => {
  const server = await ScriptedServer.open(context);
  server.devices.set("strange", STRANGER);
  const folder = await folderWith(`${OWNER}\n`);
  const writer = new TelemetryWriter(server.connect({ apiKey: "strange" }), { queue: new DiskQueue(folder) });
  await assert.rejects(writer.flush(FLUSH_MS), (error: ServerError) => {
    for (const named of [`device ${OWNER}`, `device ${STRANGER}`, folder]) assert.ok(error.message.includes(named));
    return isOfAnotherDevice(error);
  });
  assert.equal(writer.status.queuedRows, 6);
  await assert.rejects(writer.close(), isOfAnotherDevice);
  assert.deepEqual(server.received, []);

  server.devices.set("own", OWNER);
  const next = new TelemetryWriter(server.connect({ apiKey: "own" }), { queue: new DiskQueue(folder) });
  await next.close(FLUSH_MS);
  assert.deepEqual(server.sequences, [1, 2]);
  assert.equal(deviceOf(folder), `${OWNER}\n`);
});

for (const content of [undefined, "", "7", "7\r\n", "-7\n", "07\n", "4294967296\n", "seven\n", "7\n7\n"]) {
  test(`a folder whose file is ${JSON.stringify(content)} belongs to the first key that sends it`, async (context) => {
    const server = await ScriptedServer.open(context);
    server.devices.set("strange", STRANGER);
    const folder = await folderWith(content);
    const writer = new TelemetryWriter(server.connect({ apiKey: "strange" }), { queue: new DiskQueue(folder) });
    await writer.close(FLUSH_MS);
    assert.deepEqual(server.sequences, [1, 2]);
    assert.equal(deviceOf(folder), `${STRANGER}\n`);
  });
}

test("batches that are added to an empty folder are not those of its former device", async (context) => {
  const server = await ScriptedServer.open(context);
  server.devices.set("strange", STRANGER);
  const folder = newFolder();
  writeFileSync(join(folder, "device"), `${OWNER}\n`);
  const offline = new DiskQueue(folder);
  await fill(offline, 1);
  await offline.close();
  const writer = new TelemetryWriter(server.connect({ apiKey: "strange" }), { queue: new DiskQueue(folder) });
  await writer.close(FLUSH_MS);
  assert.deepEqual(server.sequences, [1]);
});

test("a key is asked about once, before the first batch, and a new key again", async (context) => {
  const server = await ScriptedServer.open(context);
  const connection = server.connect({ apiKey: "first" });
  const folder = newFolder();
  for (let time = 0; time < 2; time++) {
    const writer = new TelemetryWriter(connection, { queue: new DiskQueue(folder) });
    await writer.add(ROW);
    await writer.close(FLUSH_MS);
  }
  assert.deepEqual(server.asked, ["first"]);
  connection.useKey("second");
  const writer = new TelemetryWriter(connection, { queue: new DiskQueue(folder) });
  await writer.add(ROW);
  await writer.close(FLUSH_MS);
  assert.deepEqual(server.asked, ["first", "second"]);
  assert.deepEqual(server.sequences, [1, 2, 3]);
});

test("a key that replaces another one during its question is asked about before anything is sent", async (context) => {
  const answered = { deviceId: OWNER };
  const server = await ScriptedServer.open(
    context,
    {},
    {
      sendHeartbeat: (_, { requestHeader }) => {
        const apiKey = requestHeader.get("x-api-key") ?? "";
        server.asked.push(apiKey);
        if (apiKey === "first") connection.useKey("second");
        return answered;
      },
    },
  );
  const connection = server.connect({ apiKey: "first" });
  const queue = new DiskQueue(await folderWith(undefined));
  await new TelemetryWriter(connection, { queue }).close(FLUSH_MS);
  assert.deepEqual(server.asked, ["first", "second"]);
  assert.deepEqual(
    server.received.map(({ apiKey }) => apiKey),
    ["second", "second"],
  );
});

test("a queue in memory, a gateway and a token are not asked about", async (context) => {
  const server = await ScriptedServer.open(context);
  const writers = [
    new TelemetryWriter(server.connect({ apiKey: "key" })),
    new TelemetryWriter(server.connect({ apiKey: "key" }), { queue: new DiskQueue(newFolder()) }),
    new TelemetryWriter(server.connect({ token: "gateway" }), { queue: new DiskQueue(newFolder()) }),
  ];
  for (const [each, deviceId] of [0, OWNER, 0].entries()) {
    await writers[each]?.add({ ...ROW, deviceId });
    await writers[each]?.close(FLUSH_MS);
  }
  assert.equal(server.received.length, 3);
  assert.deepEqual(server.asked, []);
});

test("a gateway's writer asks before its first batch that names no device", async (context) => {
  const server = await ScriptedServer.open(context);
  server.devices.set("key", OWNER);
  const folder = newFolder();
  const writer = new TelemetryWriter(server.connect({ apiKey: "key" }), { queue: new DiskQueue(folder) });
  await writer.add({ ...ROW, deviceId: STRANGER });
  await writer.flush(FLUSH_MS);
  assert.deepEqual(server.asked, []);
  await writer.add(ROW);
  await writer.close(FLUSH_MS);
  assert.deepEqual(server.asked, ["key"]);
  assert.deepEqual(server.sequences, [1, 2]);
  assert.equal(writer.status.interruptions, 0);
  assert.equal(deviceOf(folder), `${OWNER}\n`);
});

test("an error of the question is one of the stream", async (context) => {
  const server = await ScriptedServer.open(context);
  server.heartbeatErrors.push(
    refusal(Code.Unavailable, "STORE_UNAVAILABLE", true),
    refusal(Code.Unauthenticated, "WRONG_KEY"),
  );
  const wanted: string[] = [];
  const interrupted: string[] = [];
  const onCredentialWanted = async ({ reason }: ServerError) => {
    wanted.push(reason);
    return "new";
  };
  const connection = server.connect({ apiKey: "old", onCredentialWanted });
  const queue = new DiskQueue(await folderWith(undefined));
  const writer = new TelemetryWriter(connection, { queue, onInterrupted: ({ reason }) => interrupted.push(reason) });
  await writer.flush(FLUSH_MS);
  assert.deepEqual(interrupted, ["STORE_UNAVAILABLE"]);
  assert.deepEqual(wanted, ["WRONG_KEY"]);
  assert.deepEqual(server.asked, ["old", "old", "new"]);
  await writer.close(FLUSH_MS);

  server.heartbeatErrors.push(refusal(Code.PermissionDenied, "DEVICE_INACTIVE"));
  const inactive = new TelemetryWriter(server.connect({ apiKey: "x" }), { queue: new DiskQueue(await folderWith("")) });
  await assert.rejects(inactive.close(FLUSH_MS), ({ reason }: ServerError) => reason === "DEVICE_INACTIVE");
});
