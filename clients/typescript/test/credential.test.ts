import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { connect as connectPage } from "../src/browser.js";
import { connect, latest, rotateKey, ServerError, TelemetryWriter } from "../src/node.js";
import { refusal, ScriptedServer } from "./support/scripted-server.js";

const SECRET = "c0ffee";
const WRONG_FORMS = [
  `${SECRET}\n`,
  `${SECRET}\r\n`,
  ` ${SECRET}`,
  `${SECRET} `,
  `${SECRET}\0`,
  `${SECRET}\x7f`,
  `${SECRET}ü`,
];
const KEYS = [...WRONG_FORMS, SECRET.repeat(22)];
const TOKENS = [...WRONG_FORMS, SECRET.repeat(683)];

/** Whether the error names the field, and never the value. */
function names(field: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ServerError);
    assert.deepEqual([error.code, error.field, error.retryable], ["INVALID_ARGUMENT", field, false]);
    assert.ok(!String(error.stack).includes(SECRET));
    return true;
  };
}

for (const apiKey of KEYS) {
  test(`${JSON.stringify(apiKey)} is no key`, () => {
    assert.throws(() => connect("localhost:1", { apiKey }), names("api_key"));
    assert.throws(() => connectPage("http://localhost:1", { apiKey }), names("api_key"));
    const connection = connect("localhost:1", { apiKey: SECRET });
    assert.throws(() => connection.useKey(apiKey), names("api_key"));
    assert.equal(connection.apiKey, SECRET);
  });
}

for (const token of TOKENS) {
  test(`${JSON.stringify(token).slice(0, 40)} is no token`, () => {
    assert.throws(() => connect("localhost:1", { token }), names("token"));
    assert.throws(() => connectPage("http://localhost:1", { token }), names("token"));
  });
}

test("the longest key and token are taken, and empty ones are none", () => {
  assert.equal(connect("localhost:1", { apiKey: "!".repeat(128), token: "~".repeat(4096) }).apiKey, "!".repeat(128));
  assert.equal(connect("localhost:1", { apiKey: "", token: "" }).apiKey, "");
});

test("a key of another form that the handler returns stops the writer, and no error has it", async (context) => {
  const server = await ScriptedServer.open(context, {
    // biome-ignore lint/correctness/useYield: it refuses every stream.
    async *streamTelemetry() {
      throw refusal(Code.Unauthenticated, "WRONG_KEY");
    },
  });
  const connection = server.connect({ apiKey: "old", onCredentialWanted: async () => `${SECRET}\n` });
  const writer = new TelemetryWriter(connection);
  await writer.add({ values: { level: 1 } });
  await assert.rejects(writer.flush(10_000), names("api_key"));
  await assert.rejects(writer.close(), names("api_key"));
  assert.equal(connection.apiKey, "old");
});

test("a key of another form that the server gives is not saved", async (context) => {
  const server = await ScriptedServer.open(context, {}, { rotateApiKey: () => ({ apiKey: `${SECRET}\n` }) });
  const connection = server.connect({ apiKey: "old" });
  await assert.rejects(
    rotateKey(connection, () => assert.fail("saved")),
    names("api_key"),
  );
  assert.equal(connection.apiKey, "old");
});

test("an error of a call has no key", async () => {
  const connection = connect("127.0.0.1:1", { apiKey: SECRET, token: SECRET });
  await assert.rejects(latest(connection, 1), (error) => !String((error as Error).stack).includes(SECRET));
  connection.close();
});
