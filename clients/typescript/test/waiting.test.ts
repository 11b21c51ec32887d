import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Connection } from "../src/connection.js";
import { DeviceService } from "../src/gen/iotflow/v1/device_service_pb.js";
import { TelemetryWriter } from "../src/node.js";
import { after, LONGEST_TIMER_MS, sleep, within } from "../src/waiting.js";

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/** The timers that are set, none of which runs. Each one longer than the longest is an error, as it would end at once. */
function timersOf({ mock }: TestContext): { act: () => void; milliseconds: number }[] {
  const timers: { act: () => void; milliseconds: number }[] = [];
  mock.method(globalThis, "setTimeout", (act: () => void, milliseconds: number) => {
    assert.ok(milliseconds <= LONGEST_TIMER_MS, `a timer of ${milliseconds} ms ends at once`);
    timers.push({ act, milliseconds });
    return timers.length;
  });
  return timers;
}

test("a time that no timer can have is waited for in parts", (context) => {
  const timers = timersOf(context);
  let calls = 0;
  after(2 * LONGEST_TIMER_MS + 5, () => {
    calls += 1;
  });
  for (const part of [LONGEST_TIMER_MS, LONGEST_TIMER_MS, 5]) {
    assert.equal(calls, 0);
    const timer = timers.shift();
    assert.equal(timer?.milliseconds, part);
    timer?.act();
  }
  assert.equal(calls, 1);
  assert.deepEqual(timers, []);
});

test("what is cancelled is not called, also in a later part", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const cancel = after(MONTH_MS, () => assert.fail("called"));
  context.mock.timers.tick(LONGEST_TIMER_MS);
  cancel();
  context.mock.timers.tick(MONTH_MS);
});

for (const milliseconds of [MONTH_MS, Number.POSITIVE_INFINITY]) {
  test(`waits of ${milliseconds} ms set no timer that ends at once`, async (context) => {
    const timers = timersOf(context);
    void sleep(milliseconds);
    assert.equal(await within(milliseconds, Promise.resolve("kept"), String), "kept");
    const writer = new TelemetryWriter(connectionThat(new Promise(() => undefined)), { ageMs: milliseconds });
    await writer.add({ values: { level: 1 } });
    assert.equal(timers.length, 3);
    assert.equal(writer.status.queuedRows, 1);
  });

  test(`a call with a deadline of ${milliseconds} ms has none`, async () => {
    const deadlines: unknown[] = [];
    const connection = connectionThat(Promise.reject(new Error("away")), (timeoutMs) => deadlines.push(timeoutMs));
    await assert.rejects(connection.unary(DeviceService.method.sendHeartbeat, {}, { timeoutMs: milliseconds }));
    await assert.rejects(
      connection
        .stream(DeviceService.method.watchConfig, (async function* () {})(), { timeoutMs: milliseconds })
        .next(),
    );
    assert.deepEqual(deadlines, [0, 0]);
  });
}

function connectionThat(
  answers: Promise<never>,
  called: (timeoutMs: number | undefined) => void = () => {},
): Connection {
  const call = (_: unknown, __: unknown, timeoutMs: number | undefined) => {
    called(timeoutMs);
    return answers;
  };
  return new Connection({ unary: call, stream: call }, {}, "server", { canStreamUp: true });
}
