import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Transport } from "@connectrpc/connect";
import { Connection, type CredentialHandler } from "../src/connection.js";
import { ServerError } from "../src/server-error.js";

const WRONG_KEY = new ServerError("UNAUTHENTICATED", "wrong");
const TRANSPORT: Transport = {
  unary: () => Promise.reject(WRONG_KEY),
  stream: () => Promise.reject(WRONG_KEY),
};

/** A connection whose handler gives the answers in turn, and then the last one. Pauses are the longest, on a clock of the test. */
class Asking {
  asked = 0;
  readonly connection: Connection;
  readonly #timers: TestContext["mock"]["timers"];

  constructor({ mock }: TestContext, ...answers: string[]) {
    mock.timers.enable({ apis: ["setTimeout"] });
    mock.method(Math, "random", () => 1);
    this.#timers = mock.timers;
    this.connection = connectionWith(async () => answers[Math.min(this.asked++, answers.length - 1)]);
  }

  /** Asks for another key, which takes a pause of so many milliseconds. */
  async expectPause(pause: number, error = WRONG_KEY): Promise<void> {
    const before = this.asked;
    const renewed = this.connection.renewKey(error);
    if (pause > 0) {
      this.#timers.tick(pause - 1);
      await settled();
      assert.equal(this.asked, before, `asked before ${pause} ms`);
      this.#timers.tick(1);
    }
    await settled();
    assert.equal(this.asked, before + 1, `not asked after ${pause} ms`);
    assert.equal(await renewed, true);
  }
}

function connectionWith(onCredentialWanted: CredentialHandler): Connection {
  return new Connection(TRANSPORT, { apiKey: "old", onCredentialWanted }, "server", { canStreamUp: true });
}

/** Lets everything run that does not wait for a timer. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

for (const answers of [["old"], ["new"], ["new", "newer", "new", "newer"]]) {
  test(`questions whose answers are rejected come after pauses: ${answers}`, async (context) => {
    const asking = new Asking(context, ...answers);
    for (const pause of [0, 200, 400, 800]) await asking.expectPause(pause);
    await asking.expectPause(8600, new ServerError("UNAUTHENTICATED", "wrong", { retryAfter: 7 }));
  });
}

test("the question after an accepted key comes at once", async (context) => {
  const asking = new Asking(context, "1", "2", "3", "4", "5");
  await asking.expectPause(0);
  await asking.expectPause(200);
  // A stream with the key before tells nothing about the present one.
  asking.connection.accepted("1");
  await asking.expectPause(400);
  asking.connection.accepted("3");
  await asking.expectPause(0);
  await asking.expectPause(200);
});

test("the question after a key of the application comes at once", async (context) => {
  const asking = new Asking(context, "1", "2", "3");
  await asking.expectPause(0);
  await asking.expectPause(200);
  asking.connection.useKey("rotated");
  await asking.expectPause(0);
});

test("a key of the application during the pause is used without a question", async (context) => {
  const asking = new Asking(context, "1");
  await asking.expectPause(0);
  const renewed = asking.connection.renewKey(WRONG_KEY);
  asking.connection.useKey("rotated");
  context.mock.timers.tick(200);
  assert.equal(await renewed, true);
  assert.equal(asking.asked, 1);
  assert.equal(asking.connection.apiKey, "rotated");
});

test("concurrent callers share one question", async () => {
  const questions: ((key: string) => void)[] = [];
  const connection = connectionWith(() => new Promise((resolve) => questions.push(resolve)));
  const both = Promise.all([connection.renewKey(WRONG_KEY), connection.renewKey(WRONG_KEY)]);
  assert.equal(questions.length, 1);
  questions[0]?.("new");
  assert.deepEqual(await both, [true, true]);
  assert.equal(questions.length, 1);
});

test("the end of the connection ends the pause", async (context) => {
  const asking = new Asking(context, "1");
  await asking.expectPause(0);
  const renewed = asking.connection.renewKey(WRONG_KEY);
  asking.connection.close();
  assert.equal(await renewed, false);
  assert.equal(asking.asked, 1);
});

test("without a handler there is no other key", async () => {
  const connection = new Connection(TRANSPORT, { apiKey: "old" }, "server", { canStreamUp: true });
  assert.equal(await connection.renewKey(WRONG_KEY), false);
});
