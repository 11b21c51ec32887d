import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../src/node.js";
import { latest } from "../src/reading.js";
import type { ServerError } from "../src/server-error.js";

const OTHER_FORMS = ["", "localhost", "http://localhost:1", "localhost:0", "localhost:65536", "::1:1", "[::g]:1"];

for (const target of OTHER_FORMS) {
  test(`"${target}" is no target, which is an error at once`, () => {
    assert.throws(
      () => connect(target),
      ({ code, field, retryable, message }: ServerError) => {
        assert.deepEqual([code, field, retryable], ["INVALID_ARGUMENT", "target", false]);
        return message.includes("host:port");
      },
    );
  });
}

for (const target of ["localhost:1", "iot_server.example.com:65535", "127.0.0.1:50051", "[2001:db8::1]:50051"]) {
  test(`${target} is a target`, () => connect(target).close());
}

test("the error of a connection names the target and the cause", async () => {
  const connection = connect("127.0.0.1:1");
  await assert.rejects(latest(connection, 1), ({ code, message }: ServerError) => {
    assert.equal(code, "UNAVAILABLE");
    return message.includes("127.0.0.1:1 failed") && message.includes("ECONNREFUSED");
  });
  connection.close();
});
