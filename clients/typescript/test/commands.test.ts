import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { Connection } from "../src/connection.js";
import {
  DeviceService,
  type StreamCommandsRequest,
  type StreamCommandsResponseSchema,
} from "../src/gen/iotflow/v1/device_service_pb.js";
import { type CommandHandler, handleCommands, reportConfiguration, ServerError } from "../src/node.js";
import { ResultOutbox } from "../src/result-outbox.js";
import { ScriptedServer } from "./support/scripted-server.js";

type Answer = MessageInitShape<typeof StreamCommandsResponseSchema>;
/** One stream: what the server sends, and what it does with results. */
type Script = (results: AsyncIterator<StreamCommandsRequest>) => AsyncGenerator<Answer, void>;

const KEPT = 1000;

function command(id: number): Answer {
  return { event: { case: "command", value: { id: BigInt(id), name: "go", parameters: { id } } } };
}

/** A receipt after which the result is sent again on the next stream. */
function later(commandId: bigint): Answer {
  return { event: { case: "receipt", value: { commandId, reason: "STORE_UNAVAILABLE", retryable: true } } };
}

/** Handles commands of these streams, in this process, until the last one has ended. */
async function serve(handler: CommandHandler, ...scripts: Script[]): Promise<void> {
  const ended = new AbortController();
  const failures: unknown[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(DeviceService, {
      async *streamCommands(requests) {
        try {
          yield* scripts.shift()?.(requests[Symbol.asyncIterator]()) ?? [];
        } catch (error) {
          failures.push(error);
        }
        if (scripts.length === 0) ended.abort();
        throw new ConnectError("next", Code.Unavailable);
      },
    });
  });
  const connection = new Connection(transport, {}, "this process", { canStreamUp: true });
  await handleCommands(connection, handler, { signal: ended.signal });
  assert.deepEqual(failures, []);
}

async function resultOf(results: AsyncIterator<StreamCommandsRequest>): Promise<StreamCommandsRequest> {
  const { value, done } = await results.next();
  assert.ok(!done);
  return value;
}

const cyclic: JsonObject = {};
cyclic["self"] = cyclic;
const deep = JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`) as JsonObject;

/** Results that JSON cannot express, or that the contract cannot carry. */
const NO_RESULTS: readonly [string, unknown][] = [
  ["NaN", { level: Number.NaN }],
  ["an infinite number in a list", { levels: [1, Number.NEGATIVE_INFINITY] }],
  ["a bigint", { level: 1n }],
  ["a circle", cyclic],
  ["depth", deep],
  ["a list", [1]],
  ["a text", "done"],
  ["a function", () => 1],
];

for (const [name, result] of NO_RESULTS) {
  test(`a result with ${name} fails its command alone`, async () => {
    const handler: CommandHandler = ({ id }) => (id === 1 ? (result as JsonObject) : { id });
    const received: StreamCommandsRequest[] = [];
    await serve(handler, async function* (results) {
      for (const id of [1, 2]) {
        yield command(id);
        received.push(await resultOf(results));
      }
    });
    const [failed, next] = received;
    assert.equal(failed?.state, "failed");
    assert.equal(typeof failed?.result?.["error"], "string");
    assert.deepEqual([next?.state, next?.result], ["succeeded", { id: 2 }]);
  });
}

/** The server takes 65,536 bytes of JSON, in which ü has 6 bytes and 😀 has 12. */
for (const [letter, most] of [
  ["x", 65_525],
  ["\n", 32_762],
  ["ü", 10_920],
  ["😀", 5460],
  ["\u007f", 10_920],
] as const) {
  test(`a result has at most ${most} times ${JSON.stringify(letter)}`, async () => {
    await serve(
      ({ id }) => ({ text: letter.repeat(most + id) }),
      async function* (results) {
        for (const [id, state] of [
          [0, "succeeded"],
          [1, "failed"],
        ] as const) {
          yield command(id);
          assert.equal((await resultOf(results)).state, state);
        }
      },
    );
  });
}

test("a command whose result the server rejects for good fails once", async () => {
  const rejected = { commandId: 1n, reason: "WRONG_VALUE", message: "It is wrong." };
  await serve(
    () => ({ level: 1 }),
    async function* (results) {
      yield command(1);
      assert.equal((await resultOf(results)).state, "succeeded");
      yield { event: { case: "receipt", value: rejected } };
      const failed = await resultOf(results);
      assert.deepEqual([failed.commandId, failed.state, failed.result], [1n, "failed", { error: "It is wrong." }]);
      yield { event: { case: "receipt", value: rejected } };
      yield command(2);
      assert.equal((await resultOf(results)).commandId, 2n);
    },
  );
});

test("the message of a failure is cut off", async () => {
  const handler = () => Promise.reject(new Error("ü".repeat(1_000_000)));
  await serve(handler, async function* (results) {
    yield command(1);
    assert.deepEqual((await resultOf(results)).result, { error: "ü".repeat(4096) });
  });
});

test("results are what JSON makes of them", async () => {
  const handler = () => ({ at: new Date(0), nothing: undefined }) as unknown as JsonObject;
  await serve(handler, async function* (results) {
    yield command(1);
    assert.deepEqual((await resultOf(results)).result, { at: "1970-01-01T00:00:00.000Z" });
  });
});

test("a configuration that JSON cannot express is not reported", async (context) => {
  const server = await ScriptedServer.open(context, {}, { updateDeviceConfig: () => assert.fail("reported") });
  await assert.rejects(reportConfiguration(server.connect(), { level: Number.NaN }), (error) => {
    assert.ok(error instanceof ServerError);
    assert.deepEqual([error.code, error.field], ["INVALID_ARGUMENT", "configuration"]);
    return true;
  });
});

test("a result with a retryable receipt is sent once on the next stream, however often it was received", async () => {
  const again: bigint[] = [];
  await serve(
    ({ id }) => ({ id }),
    async function* (results) {
      for (const id of [1, 2, 1, 1]) {
        yield command(id);
        yield later((await resultOf(results)).commandId);
      }
    },
    async function* (results) {
      again.push((await resultOf(results)).commandId, (await resultOf(results)).commandId);
      yield command(3);
      again.push((await resultOf(results)).commandId);
    },
  );
  assert.deepEqual(again, [1n, 2n, 3n]);
});

test("of too many results, the oldest ones are forgotten", () => {
  const outbox = new ResultOutbox(3);
  for (const commandId of [1n, 2n, 3n, 1n, 4n, 5n]) outbox.add({ commandId });
  const taken = Array.from({ length: 4 }, () => outbox.take()?.commandId);
  assert.deepEqual(taken, [3n, 4n, 5n, undefined]);
});

test("1,000 handlers run at the same time, and further commands wait; none runs twice", async () => {
  const calls: number[] = [];
  const ends: (() => void)[] = [];
  const handler = ({ id }: { id: number }) => {
    calls.push(id);
    return new Promise<JsonObject>((resolve) => ends.push(() => resolve({ id })));
  };
  await serve(
    handler,
    async function* (results) {
      void until(() => ends.length === KEPT).then(() => ends[1]?.());
      for (let id = 1; id <= KEPT + 1; id++) yield command(id);
      assert.equal((await resultOf(results)).commandId, 2n);
      await until(() => calls.length === KEPT + 1);
    },
    async function* (results) {
      // The first command still runs; the second one, which has its result, may be forgotten.
      yield command(1);
      ends[0]?.();
      assert.equal((await resultOf(results)).commandId, 1n);
    },
  );
  assert.deepEqual(
    calls,
    Array.from({ length: KEPT + 1 }, (_, index) => index + 1),
  );
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
