import assert from "node:assert/strict";
import { test } from "node:test";
import { type ServerError, subscribe } from "../src/node.js";
import { ScriptedServer } from "./support/scripted-server.js";

test("a subscription that falls silent is opened again, and its error says so", async (context) => {
  const ended = new AbortController();
  let streams = 0;
  const server = await ScriptedServer.open(context, {
    async *subscribeTelemetry() {
      streams += 1;
      yield { event: { case: "heartbeat", value: { timestamp: { seconds: 1n } } } };
      if (streams === 1) await new Promise(() => undefined);
    },
  });
  const connection = server.connect();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const errors: ServerError[] = [];
  const onInterrupted = (error: ServerError, delayMs: number) => {
    errors.push(error);
    setImmediate(() => context.mock.timers.tick(delayMs));
  };
  for await (const event of subscribe(connection, {}, { signal: ended.signal, onInterrupted })) {
    assert.equal(event.kind, "heartbeat");
    // The next event is waited for by now.
    if (streams === 1) setImmediate(() => context.mock.timers.tick(60_000));
    else ended.abort();
  }
  assert.equal(streams, 2);
  assert.deepEqual(
    [errors[0]?.code, errors[0]?.message],
    ["UNAVAILABLE", "The server sent nothing for 60 s, not even a heartbeat."],
  );
});
