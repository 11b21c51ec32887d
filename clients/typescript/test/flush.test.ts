import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "@connectrpc/connect";
import { type ServerError, TelemetryWriter } from "../src/node.js";
import { refusal, ScriptedServer } from "./support/scripted-server.js";

const ROW = { values: { level: 1 } };

test("the error of a deadline names the last interruption, until something is acknowledged", async (context) => {
  const errors = [refusal(Code.Unavailable, "STORE_UNAVAILABLE", true)];
  const server = await ScriptedServer.open(context, {
    async *streamTelemetry(batches) {
      for await (const { sequence } of batches) {
        const error = errors.shift();
        if (error) throw error;
        yield { committedSequence: sequence };
        // The next batch has no answer.
        await new Promise(() => undefined);
      }
    },
  });
  let interrupt = () => {};
  const interrupted = new Promise<void>((resolve) => {
    interrupt = resolve;
  });
  const writer = new TelemetryWriter(server.connect(), { rows: 1, onInterrupted: interrupt });
  await writer.add(ROW);
  await interrupted;
  await assert.rejects(writer.flush(1), late("The last interruption: STORE_UNAVAILABLE"));
  await writer.flush(10_000);
  await writer.add(ROW);
  await assert.rejects(writer.close(1), late("Nothing is lost by this."));
});

/** Whether it is the error of a deadline whose message ends so. */
function late(end: string): (error: ServerError) => boolean {
  return ({ code, message }) => {
    assert.equal(code, "DEADLINE_EXCEEDED");
    assert.ok(message.endsWith(end), message);
    return true;
  };
}
