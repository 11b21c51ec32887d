import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { serverError } from "../src/server-error.js";

test("an error of the server has its reason, field, pause and request id", () => {
  const details = [
    { desc: ErrorInfoSchema, value: { domain: "iotflow", reason: "RATE_LIMITED", metadata: { retryable: "true" } } },
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "page_size" }] } },
    { desc: RetryInfoSchema, value: { retryDelay: { seconds: 1n, nanos: 500_000_000 } } },
  ];
  const thrown = new ConnectError("Too fast.", Code.ResourceExhausted, { "x-request-id": "r1" }, details);
  const { code, reason, field, retryable, retryAfter, requestId, message } = serverError(thrown);
  assert.deepEqual(
    [code, reason, field, retryable, retryAfter, requestId, message],
    ["RESOURCE_EXHAUSTED", "RATE_LIMITED", "page_size", true, 1.5, "r1", "Too fast."],
  );
});

const WITHOUT_DETAILS: readonly [Code, string, boolean][] = [
  [Code.Unavailable, "UNAVAILABLE", true],
  [Code.Internal, "INTERNAL", true],
  [Code.Unknown, "UNKNOWN", true],
  [Code.Canceled, "CANCELLED", true],
  [Code.Aborted, "ABORTED", true],
  [Code.DeadlineExceeded, "DEADLINE_EXCEEDED", true],
  [Code.ResourceExhausted, "RESOURCE_EXHAUSTED", false],
  [Code.InvalidArgument, "INVALID_ARGUMENT", false],
  [Code.Unauthenticated, "UNAUTHENTICATED", false],
];

for (const [code, name, retryable] of WITHOUT_DETAILS) {
  test(`${name} without details is${retryable ? "" : " not"} retryable`, () => {
    const error = serverError(new ConnectError("", code));
    assert.deepEqual([error.code, error.reason, error.retryable], [name, "", retryable]);
  });
}

test("a retry-after in seconds is taken, and a date is not", () => {
  const error = (header: string) => serverError(new ConnectError("", Code.Unavailable, { "retry-after": header }));
  assert.equal(error("7").retryAfter, 7);
  assert.equal(error("Wed, 21 Oct 2026 07:28:00 GMT").retryAfter, undefined);
});

test("an answer that was cut off is an unavailable server, not an invalid request", () => {
  const { code, retryable } = serverError(
    new ConnectError("protocol error: incomplete envelope", Code.InvalidArgument),
  );
  assert.deepEqual([code, retryable], ["UNAVAILABLE", true]);
});

test("a stream that a lost connection cancels is an unavailable server, and a caller's cancellation is not", () => {
  const lost = new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled);
  const { code, message } = serverError(lost, "iot.example.com:50051");
  assert.equal(code, "UNAVAILABLE");
  assert.match(message, /iot\.example\.com:50051 failed: it was closed without an answer\./);
  assert.equal(serverError(new ConnectError("This operation was aborted", Code.Canceled)).code, "CANCELLED");
});
